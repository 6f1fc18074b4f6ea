/*
 * File systems and binds below the container's root: made detached, then attached to a target that was opened. Arguments
 * of records are as in native/PLAN.md; steps return -1 with a noted failure.
 */
#pragma once

#include "base/plan.h"
#include "base/rootfs.h"
#include "confine/idmap.h"

/* To whom a source is given: by the ids of the host, and by the container's, which are on disk of what it sees mapped. */
struct receiver {
    struct owner outside, inside;
};

int step_propagation(const struct record *record);
int step_mount(struct rootfs *rootfs, const struct record *record);
int step_bind(struct rootfs *rootfs, const struct record *record);
int step_bind_of(struct rootfs *rootfs, const struct record *record);
int step_cgroup_mount(struct rootfs *rootfs, const struct record *record);

/*
 * Returns the mount that a record `bind` or `bind-beneath` asks for, attached nowhere; with the flag `idmap` it shows
 * its directory through the user namespace `users`, -1 when there is none. With the flag `chown` the source is given to
 * `receiver`, when there is one. -1 with a noted failure.
 */
int clone_bind(const struct record *record, int users, const struct receiver *receiver);

/*
 * Attaches a detached mount to a TARGET of a record with these flags; one that is missing is made if they say so. A
 * target in procfs is refused (EPERM) unless the flag `nofollow` says that no link has led there. -1 with errno.
 */
int attach_at(const struct rootfs *rootfs, int mount, const char *target, const char *flags);

/*
 * Returns a new file system, attached nowhere; `data` are its options, joined by commas, attributes those of a mount. -1
 * with errno.
 */
int make_file_system(const char *type, const char *source, const char *data, uint64_t attributes);

/* Returns a clone of the tmpfs that is mounted right at `path`, which is resolved without symlinks. -1 with errno. */
int clone_tmpfs(const char *path);

/* Reads the mount attributes among comma-separated words. Words that are none are passed to `other` (NULL: EINVAL). */
int mount_attributes(const char *words, uint64_t *attributes, int (*other)(void *context, const char *word),
                     void *context);

/* Sets `key=value` or `key` on a file system that is being configured. */
int configure(int fs, const char *word);
