/* Paths below the container's root: whatever the image put there, they cannot lead out of it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rootfs {
    int root;          /* O_PATH; -1 before `overlay` or `bind-root`, and without a mount namespace */
    bool pivoted;      /* the host's paths are gone */
    int lender;        /* the socket on which mounts arrive that others make (lender.h), or -1 */
    bool unprivileged; /* then those of the host's tree are among them */
    const char *user;  /* as whom the container runs, in its own words; NULL: nobody asks */
    int mount_point;   /* when unprivileged: where the root goes, opened in time; else -1 */
};

enum missing { MISSING_FAILS, MISSING_BECOMES_DIRECTORY, MISSING_BECOMES_FILE };

/*
 * Opens TARGET with O_PATH. Symlinks are followed within the root, as the container would, also when the last one
 * dangles and its target has to be made. `resolve`: more RESOLVE_* bits. -1 with errno.
 */
int rootfs_open(const struct rootfs *rootfs, const char *target, enum missing missing, uint64_t resolve);

/* Opens the directory that holds TARGET, made when missing, and points `name` at its last name. -1 with errno. */
int rootfs_open_parent(const struct rootfs *rootfs, const char *target, const char **name);
