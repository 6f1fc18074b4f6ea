/* The steps of the section `init`. */
#pragma once

#include "base/plan.h"
#include "base/rootfs.h"

/* Performs one. -1 with a noted failure. */
int perform_step(struct rootfs *rootfs, const struct record *record);
