/* The steps of the section `init`. */
#pragma once

#include "idmap.h"
#include "plan.h"
#include "rootfs.h"

/* Performs one. -1 with a noted failure. */
int perform_step(struct rootfs *rootfs, const struct record *record);

/* In mounts.c, overlay.c and hide.c; arguments as in src/ARCHITECTURE.md. */
int step_propagation(const struct record *record);
int step_overlay(struct rootfs *rootfs, const struct record *record);
int step_bind_root(struct rootfs *rootfs, const struct record *record);
int step_mount(struct rootfs *rootfs, const struct record *record);
int step_bind(struct rootfs *rootfs, const struct record *record);
int step_bind_of(struct rootfs *rootfs, const struct record *record);
int step_cgroup_mount(struct rootfs *rootfs, const struct record *record);
int step_mask(struct rootfs *rootfs, const struct record *record);
int step_readonly(struct rootfs *rootfs, const struct record *record);
int step_root_readonly(struct rootfs *rootfs, const struct record *record);

/*
 * What the lender does for the steps of the same records: a mount that is attached nowhere. `users` is the container's
 * user namespace, through which flag `idmap` shows a directory, and `owner` its root. -1 with a noted failure.
 */
int make_overlay(const struct record *record, int users, const struct owner *owner);
int clone_bind_root(const struct record *record);
int clone_bind(const struct record *record, int users);

/* A clone of the tmpfs that is mounted right at `path`, which is resolved without symlinks. -1 with errno. */
int clone_tmpfs(const char *path);

/*
 * The mount attributes among comma-separated words. Words that are none are passed to `other` (NULL: EINVAL).
 */
int mount_attributes(const char *words, uint64_t *attributes, int (*other)(void *context, const char *word),
                     void *context);

/* Sets `key=value` or `key` on a file system that is being configured. */
int configure(int fs, const char *word);
