/* The process that runs a health check, apart from the monitor: a frozen container holds it up, and nobody else. */
#pragma once

#include "base/plan.h"

#include <stdint.h>
#include <sys/types.h>

/* Our ends of its pipes, which do not block. All descriptors are ours. */
struct health_process {
    pid_t pid;
    int pidfd;
    int output; /* what the check prints, standard output and error */
    int report; /* a record when it could not be started */
};

/* The container of a check: its first process. */
struct health_target {
    pid_t pid;
    int64_t start_time;
};

/*
 * Starts a check, with the records `health-arg` for its command. The process ends as the check does, with 128 + n for
 * signal n; SIGTERM to it is SIGKILL for all of the check; it does not outlive the monitor. -1 with errno.
 */
int health_process_start(const struct plan *plan, const struct health_target *target,
                         struct health_process *process);

/* Closes what is ours of a process that was reaped. */
void health_process_close(struct health_process *process);
