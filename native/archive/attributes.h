/* The extended attributes of an entry (xattr(7)) that an archive or a copy takes along. */
#pragma once

#include "archive/tar.h"

#include <stdbool.h>

#define ATTRIBUTES_MAX 128

/* The largest list of names, and the largest value, that Linux has. */
#define ATTRIBUTE_LARGEST 65536

struct attributes {
    struct attribute list[ATTRIBUTES_MAX];
    size_t count;
    /* Overlay keeps where the content or the entries really are: renamed directories, files of which only that changed. */
    bool elsewhere;
    bool all; /* asked for: nothing is left out */
    char names[ATTRIBUTE_LARGEST];
    char *values;
    size_t room;
};

/*
 * Reads those of what `fd` (O_PATH or open) names, in the order of their names. Left out: those by which overlay speaks,
 * labels of the host's policy, and names with "=", which no archive can hold; with `all` nothing. -1 with errno; E2BIG when
 * there are too many.
 */
int read_attributes(struct attributes *attributes, int fd);

bool same_attributes(const struct attributes *one, const struct attributes *other);

void free_attributes(struct attributes *attributes);
