/*
 * Walks a tree, which somebody may be changing meanwhile. No path is walked: each directory is opened from the one above
 * it, without following links, and each entry is held by a descriptor while it is visited. The order is that of the bytes
 * of the names, so that the same tree is always visited in the same order. What goes away meanwhile was not there.
 */
#pragma once

#include <sys/stat.h>

struct entry {
    int fd;           /* O_PATH, of the entry itself; a directory's can be read, too */
    const char *path; /* below the top; "" for the top */
    const char *name; /* the last part of it, not within it */
    struct stat stat;
};

/*
 * Opens what an entry is for reading, by way of the descriptor that was looked at: nobody can put a device in its place. -1
 * with errno.
 */
int open_entry(const struct entry *entry);

enum visit { VISIT_ENTER, VISIT_SKIP };

struct visitor {
    void *context;
    /*
     * An entry that is no directory, before it is opened (fd -1): 1, all is done with it, and nobody visits it. NULL:
     * nobody knows enough. -1 with errno ends the walk.
     */
    int (*glance)(void *context, const struct entry *entry);
    /* An entry, a directory before what is in it: VISIT_SKIP leaves out what is in it. -1 with errno ends the walk. */
    int (*visit)(void *context, const struct entry *entry);
    /* A directory that was entered, after what is in it; fd -1: it was moved away meanwhile. NULL: nobody wants to know. */
    int (*leave)(void *context, const struct entry *entry);
};

/*
 * Visits the top and what is below it. Any depth takes a bounded number of descriptors, and memory for the names in the
 * directories on the way down. -1 with errno: that of a visitor, or that of an entry that cannot be opened.
 */
int walk_tree(int top, const struct visitor *visitor);
