#pragma once

#include "plan.h"
#include "rootfs.h"

enum process_role {
    FIRST_PROCESS, /* dies with the monitor; its working directory is made when missing */
    EXEC_PROCESS,  /* outlives whoever started it */
    HEALTH_PROCESS /* dies with the monitor; its arguments are the records `health-arg` */
};

/*
 * Reads the section `process` and takes hold of what it needs of the host's tree. `proc` is the host's /proc for who is
 * in the container's tree already, else -1. -1 with a noted failure.
 */
int process_prepare(const struct plan *plan, enum process_role role, int proc);

/*
 * Takes on the identity and the limits that process_prepare() read and executes the command. Returns only a noted
 * failure.
 */
int process_execute(const struct plan *plan, const struct rootfs *rootfs);
