/*
 * Masked and read-only paths: what a container must not see or change. Missing ones need no hiding. All return -1 with
 * a noted failure.
 */
#pragma once

#include "base/plan.h"
#include "base/rootfs.h"

int step_mask(struct rootfs *rootfs, const struct record *record);
int step_readonly(struct rootfs *rootfs, const struct record *record);
int step_root_readonly(struct rootfs *rootfs, const struct record *record);
