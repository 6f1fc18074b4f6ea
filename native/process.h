#pragma once

#include "plan.h"
#include "rootfs.h"

/* Takes on the identity and the limits of the section `process` and executes it. Returns only a noted failure. */
int process_execute(const struct plan *plan, const struct rootfs *rootfs);
