/*
 * The root file system: an overlay of layers, or a directory as it is. Arguments of records are as in
 * native/PLAN.md; all return -1 with a noted failure.
 */
#pragma once

#include "base/plan.h"
#include "base/rootfs.h"
#include "confine/idmap.h"

int step_overlay(struct rootfs *rootfs, const struct record *record);
int step_bind_root(struct rootfs *rootfs, const struct record *record);
int step_overlay_at(struct rootfs *rootfs, const struct record *record);

/*
 * Returns the overlay of a record, attached nowhere; with the flag `idmap` it shows its layers through the user
 * namespace `users`, whose root is `owner`.
 */
int make_overlay(const struct record *record, int users, const struct owner *owner);

/* The same of a record `overlay-at`, or of what lies at its SUBPATH. */
int make_overlay_at(const struct record *record, int users, const struct owner *owner);

/* Returns the directory of a record `bind-root`, attached nowhere; with the flag `idmap` as `users` has its owners. */
int clone_bind_root(const struct record *record, int users);
