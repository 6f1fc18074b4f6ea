#pragma once

#include "plan.h"
#include "rootfs.h"

/* Reads the section `process` and takes hold of what it needs of the host's tree. -1 with a noted failure. */
int process_prepare(const struct plan *plan);

/*
 * Takes on the identity and the limits that process_prepare() read and executes the command. Returns only a noted
 * failure.
 */
int process_execute(const struct plan *plan, const struct rootfs *rootfs);
