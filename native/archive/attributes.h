/* The extended attributes of an entry (xattr(7)) that an archive or a copy takes along. */
#pragma once

#include "archive/tar.h"

#define ATTRIBUTES_MAX 128

struct attributes {
    struct attribute list[ATTRIBUTES_MAX];
    size_t count;
    char *text; /* names and values */
    size_t room;
};

/*
 * Reads those of what `fd` (O_PATH or open) names, in the order of their names. Left out: those by which overlay speaks,
 * and labels of the host's policy. -1 with errno; E2BIG when there are too many.
 */
int read_attributes(struct attributes *attributes, int fd);

void free_attributes(struct attributes *attributes);
