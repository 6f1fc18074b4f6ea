/* The steps of the section `init`. */
#pragma once

#include "plan.h"
#include "rootfs.h"

/* Performs one. -1 with a noted failure. */
int perform_step(struct rootfs *rootfs, const struct record *record);

/* In mounts.c, overlay.c and hide.c; arguments as in src/ARCHITECTURE.md. */
int step_overlay(struct rootfs *rootfs, const struct record *record);
int step_bind_root(struct rootfs *rootfs, const struct record *record);
int step_mount(struct rootfs *rootfs, const struct record *record);
int step_bind(struct rootfs *rootfs, const struct record *record);
int step_cgroup_mount(struct rootfs *rootfs, const struct record *record);
int step_mask(struct rootfs *rootfs, const struct record *record);
int step_readonly(struct rootfs *rootfs, const struct record *record);
int step_root_readonly(struct rootfs *rootfs, const struct record *record);

/*
 * The mount attributes among comma-separated words. Words that are none are passed to `other` (NULL: EINVAL).
 */
int mount_attributes(const char *words, uint64_t *attributes, int (*other)(void *context, const char *word),
                     void *context);

/* Sets `key=value` or `key` on a file system that is being configured. */
int configure(int fs, const char *word);
