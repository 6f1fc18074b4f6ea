/*
 * What files of a tree had in them when they were read last, by what changes with each write to them: device, number, size,
 * and times of content and inode. For trees that are read again and again, of which most has not changed.
 */
#pragma once

#include "base/sha256.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

/* A regular file without attributes and other names. Times in nanoseconds. */
struct known_file {
    uint64_t device, number, size;
    int64_t modified, changed;
    uint8_t content[SHA256_SIZE];
};

struct known_files {
    const char *path; /* of the file that keeps them; NULL: nothing is known, and nothing is kept */
    const struct known_file *before;
    size_t before_count;
    struct known_file *now;
    size_t now_count, now_room, found;
    int64_t
        trusted; /* what was changed later is not kept: it may be changed again in the same tick of the clock */
};

/* Reads the file at `path`, which only root may write. One that cannot be read, or is none, has nothing. */
void known_files_open(struct known_files *known, const char *path);

/* The digest of the content of a file that has not changed, and is then kept on; else NULL. */
const uint8_t *known_files_find(struct known_files *known, const struct stat *stat);

/* Keeps the digest of what was read of a file that was so before and after. -1 with errno. */
int known_files_add(struct known_files *known, const struct stat *stat, const uint8_t digest[SHA256_SIZE]);

/* Writes the file anew, in one step, where that pays. What cannot be written is not known the next time. */
void known_files_save(struct known_files *known);

void known_files_free(struct known_files *known);
