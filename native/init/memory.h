/* Files that are in memory and on no disk: what a container may see and nobody may find afterwards. */
#pragma once

#include "base/plan.h"
#include "base/rootfs.h"

/* Performs the records `memory` and `memory-file`. -1 with a noted failure. */
int step_memory(const struct rootfs *rootfs, const struct record *record);
