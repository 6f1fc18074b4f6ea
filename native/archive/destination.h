/*
 * The tree that is written, which somebody may be changing meanwhile. Each directory is opened from the one above it,
 * without following links; what is made in it is held by a descriptor before it gets owner, mode, attributes and times. What
 * was there under a name gives way in one step. All return -1 with errno: ENOTDIR, a directory was to be where something
 * else is; EISDIR, the reverse; ESTALE, somebody has put something else in the place of what was just made.
 */
#pragma once

#include "archive/tar.h"
#include "layer/inode_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* What is to be made; ids and attributes as they are in this tree. */
struct making {
    struct stat stat;
    const char *target; /* of a symlink */
    const struct attribute *attributes;
    size_t attribute_count;
};

/* For the name of an attribute. */
#define LEFT_OUT_SIZE 256

struct level;

struct destination {
    int top;              /* the directory below which everything lies */
    struct level *levels; /* on the way down to the directory that we are in */
    size_t depth, room;
    int file;                     /* that is being written, or -1 */
    char temporary[32];           /* its name as long as another has it; "" : it has its own */
    bool in_place;                /* it is a mount point: only its content is replaced */
    char left_out[LEFT_OUT_SIZE]; /* an attribute that could not be kept; "" : all were */
    bool exact;                   /* no attribute may be left out */
    bool whole;                   /* the top is that of its tree: absolute links lead there */
    bool any_order; /* a directory may be entered again: then it gets the times again that it was given */
    struct inode_set given;
};

/* Takes over a directory, O_PATH or open. */
int destination_open(struct destination *destination, int top);
void destination_close(struct destination *destination);

/*
 * Makes the directory NAME where we are, or takes the one that is there, and goes into it. `keep`: one that was there stays
 * as it is; else it becomes as `making` says, its times when it is left.
 */
int destination_enter(struct destination *destination, const char *name, const struct making *making,
                      bool keep);
int destination_leave(struct destination *destination);

/* Goes into a directory that was opened, and is taken over; it becomes as `making` says, if there is one. */
int destination_enter_opened(struct destination *destination, int fd, const struct making *making);

/* Goes into the top itself, which becomes as `making` says; only from there. */
int destination_enter_top(struct destination *destination, const struct making *making);

/* Goes into the directory to which links at PATH below the top lead, if they stay below it. EXDEV: they do not. */
int destination_enter_by_link(struct destination *destination, const char *path);

/* The directory that we are in. */
int destination_here(const struct destination *destination);

/* Begins a regular file that will have this mode; its content goes to `file`. */
int destination_begin_file(struct destination *destination, const char *name, mode_t mode);
int destination_end_file(struct destination *destination, const char *name, const struct making *making);
void destination_abandon_file(struct destination *destination, const char *name);

/* Makes a symlink, a device or a fifo. */
int destination_node(struct destination *destination, const char *name, const struct making *making);

/* Makes NAME another name of what lies at PATH below the top. 0: that cannot be linked; 1: done. */
int destination_link(struct destination *destination, const char *name, const char *path);
