/* The directories on the way from the top of an upper directory to where a walk is in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct level {
    int lower; /* what the layers below have by this name, if it is a directory, else -1; -1 also while put aside */
    int copy; /* its copy, or -1; -1 also while put aside */
    bool has_lower;
    bool told;   /* its own line is printed, or it needs none */
    bool kept;   /* its copy stays, also when nothing is in it */
    bool opaque; /* it hides what the layers below have in it */
    char **
        hidden; /* names in `lower`, sorted, if the directory is opaque: those that it has not itself are gone */
    char *text; /* of these */
    size_t hidden_count, hidden_at;
    size_t path_length;
};

struct levels {
    struct level *list;
    size_t depth, room;
};

/* The innermost; NULL when there is none. */
struct level *innermost(const struct levels *levels);

/* Goes down, and takes the descriptors over. Few of them stay open, however deep it goes. -1 with errno. */
int push_level(struct levels *levels, struct level *level);

/*
 * Goes up one level. The one above is whole again, if there is one: neither lower layers nor copies are moved about, so
 * ".." leads where we came from. -1 with errno.
 */
int pop_level(struct levels *levels);

/* Notes the names in `lower`. -1 with errno. */
int note_hidden(struct level *level);
