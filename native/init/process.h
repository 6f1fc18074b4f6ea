#pragma once

#include "base/plan.h"
#include "base/rootfs.h"

enum process_role {
    FIRST_PROCESS, /* dies with the monitor; its working directory is made when missing */
    EXEC_PROCESS,  /* outlives whoever started it */
    HEALTH_PROCESS /* dies with the monitor; its arguments are the records `health-arg` */
};

/*
 * Reads the section `process` and takes hold of what it needs of the host's tree; lsm_prepare() is the caller's to
 * call. -1 with a noted failure.
 */
int process_prepare(const struct plan *plan, enum process_role role);

/* Whether the process keeps the supplementary groups of whoever runs the helper, as process_prepare() read it. */
bool process_keeps_groups(void);

/*
 * Takes on the identity, the limits and the filter that process_prepare() read: from here on this process may do what
 * the command may. -1 with a noted failure.
 */
int process_confine(const struct plan *plan, const struct rootfs *rootfs);

/*
 * Executes the command, in the process that was confined or in its child. Nothing of the plan is needed any more, unless
 * it is the container's first process. Returns only a noted failure.
 */
int process_execute(void);
