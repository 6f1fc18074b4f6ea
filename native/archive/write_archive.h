/* Writes a tree, which somebody may be changing meanwhile, as a tar archive. */
#pragma once

#include "archive/attributes.h"
#include "archive/links.h"
#include "archive/owners.h"
#include "archive/tar.h"

#include <limits.h>
#include <stdbool.h>

struct archive {
    struct tar tar;
    const char *as; /* "" : no name in front */
    /*
     * Whiteouts and opaque directories are written as image layers have them: EILSEQ for a name that would be read as a
     * whiteout, EREMOTE for what overlay keeps elsewhere.
     */
    bool layer;
    dev_t device; /* of the top */
    struct known_links links;
    struct attributes attributes;
    struct owners owners;
    char *path; /* as it is written */
    size_t path_room;
    char current[PATH_MAX]; /* for the report of a failure */
};

/*
 * Writes what lies at `top` to `out`, or only hashes it with `hash`, which has begun; its bytes are then counted in
 * `archive->tar.written`. File systems of the kernel are empty directories, sockets are left out. -1 with errno.
 */
int write_archive(struct archive *archive, int top, int out, struct sha256 *hash);

void free_archive(struct archive *archive);
