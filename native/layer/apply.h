/* What the parts of the verb `apply` share. */
#pragma once

#include "layer/stream.h"
#include "unpack/ring.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

/*
 * The directory that the last entry lay in. Its time of modification is what it was before that entry, and is put
 * back when another takes its place: so times survive in any order, in constant memory.
 */
struct parent {
    int fd;
    bool dirty;
    bool careful; /* what is made in it inherits a group or an ACL that must be undone */
    bool noted;   /* a whiteout in it was already noted */
    size_t key_length;
    char key[PATH_MAX];
    struct stat before;
};

struct marks {
    uint64_t *slots;
    size_t capacity, count;
    uint64_t seed;
};

struct layer {
    int upper;   /* DIR, for syncfs */
    int root;    /* what entries are applied to: DIR, or the overlay on it */
    bool merged; /* what lower layers have is in root, too: it is an overlay, or a whole tree */
    char root_path[PATH_MAX];
    struct parent parent;
    struct marks marks;   /* paths that this layer wrote, when merged */
    bool attribute_noted; /* that one was left out was already noted */
    int file;             /* the open regular file, or -1 */
    bool file_careful, file_has_hole;
    char file_path[PATH_MAX];
    uint8_t *file_record;
    size_t file_capacity;
    struct ring archive; /* where content comes from */
    bool cut_short;      /* some of it never came */
};

/* The object of a failure: a name in a directory, or the file descriptor itself when `name` is NULL. */
struct object {
    int fd;
    const char *name;
};

/* A device 0:0: what overlay takes for a whiteout. */
static inline bool is_whiteout(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* apply_path.c */
const char *split_path(const char *path, size_t *parent_length);
bool canonical_path(const struct layer *layer, int dir, const char *name, char path[PATH_MAX]);
void note(const char *kind, const char *path);

/* apply_marks.c */
bool is_marked(const struct layer *layer, const char *path);
int mark_path(struct layer *layer, int parent, const char *name);

/* apply_parent.c */
int parent_enter(struct layer *layer, const char *path, size_t length, bool create);
int parent_leave(struct layer *layer);
void parent_forget_key(struct layer *layer);
int open_in_root(const struct layer *layer, const char *path, uint64_t flags);

/* apply_entry.c */
int make_entry(struct layer *layer, char type, const struct entry *entry);
int finish_file(struct layer *layer);
int discard_entry(struct layer *layer, const char *path);
int inherit_root(struct layer *layer, const char *from);

/* apply_metadata.c */
int set_metadata(struct layer *layer, struct object object, char type, const struct entry *entry,
                 bool careful);
int copy_attributes(int from, int to);
int set_opaque(int dir, const char *name);
bool has_attribute(int fd, const char *name);

/* apply_whiteout.c */
int apply_whiteout(struct layer *layer, const char *path);
int apply_opaque(struct layer *layer, const char *path);

/* apply_mount.c */
int mount_overlay(struct layer *layer, const char *work, int lower_count, char **lowers);
int keep_needed_capabilities(void);
