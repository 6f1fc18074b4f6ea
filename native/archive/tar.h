/*
 * Writes a tar archive (pax, POSIX.1-2001): one header for each entry, before it extended records for what the old fields
 * cannot hold: long names, large numbers, nanoseconds, attributes (SCHILY.xattr.*), holes (GNU.sparse 1.0). The same
 * entries always give the same bytes.
 */
#pragma once

#include "base/sha256.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct tar {
    int out;
    struct sha256 *hash; /* takes the place of `out` */
    char *buffer;
    size_t used;
    uint64_t written; /* bytes, with those in the buffer */
};

/* Attributes as they are written: NAME, NUL, VALUE one after the other, in the order of the names. */
struct attribute {
    const char *name, *value;
    size_t size; /* of the value, in bytes */
};

struct tar_entry {
    const char *path;   /* a directory's without a slash at its end */
    const char *target; /* of a symlink or a hard link, else NULL */
    struct stat stat;
    char type; /* of POSIX: 0 file, 1 hard link, 2 symlink, 3 4 devices, 5 directory, 6 fifo */
    const struct attribute *attributes;
    size_t attribute_count;
};

/* With `hash` nothing is written: the archive is only hashed. -1 with errno. */
int tar_begin(struct tar *tar, int out, struct sha256 *hash);

/* A header without content after it. */
int tar_put(struct tar *tar, const struct tar_entry *entry);

/* A regular file with its content; one that becomes shorter meanwhile is filled up with zeros. */
int tar_put_file(struct tar *tar, const struct tar_entry *entry, int content);

/* A file of these bytes. */
int tar_put_bytes(struct tar *tar, const struct tar_entry *entry, const void *bytes, size_t size);

/* The end of the archive; `whole`: only then are its last blocks written. Gives the memory back. */
int tar_end(struct tar *tar, int whole);
