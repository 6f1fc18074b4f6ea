#pragma once

#include "base/plan.h"
#include "state/records.h"

#include <stdint.h>
#include <sys/types.h>

/* A container that runs: our ends of its pipes, and its first process. All descriptors are ours. */
struct container {
    pid_t pid;
    int pidfd;
    int rundir;
    int in, out, err;        /* `in` -1: stdin is /dev/null */
    int mounts;              /* its mount namespace, or -1 */
    int64_t started;         /* ms since the epoch */
    int64_t began;           /* the same moment of monotonic_ms(), as the other clock may be set */
    struct evidence counted; /* in its cgroups before this start */
};

/*
 * Performs `setup`, unless it is started again, starts the first process, and waits until it executed its program. -1 with a noted failure; the
 * caller then performs the teardown, and nothing of the container is alive. `container` is zero, or the one that ended.
 */
int container_start(const struct plan *plan, struct container *container);
