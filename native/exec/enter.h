/* Another process in a container that runs: by `exec`, and for health checks. */
#pragma once

#include "base/plan.h"
#include "init/process.h"

#include <stdint.h>
#include <sys/types.h>

/* The container's first process, held by a pidfd, and which of its namespaces (CLONE_NEW*) are not our own. */
struct target {
    pid_t pid;
    int pidfd;
    uint64_t namespaces;
};

/* Holds the process `pid` that began at `start_time` (decimal text). -1 with a noted failure, ESRCH when it is gone. */
int target_open(struct target *target, const char *pid, const char *start_time);

/* What the new process gets: its standard streams, and the end of a pipe on which a failure is reported. */
struct entry_ends {
    int in, out, err;
    int report;   /* end of file without a record: execve succeeded */
    int terminal; /* a socket on which the master of its terminal is sent (terminal.h); -1: it has none */
};

/*
 * Starts the process that the plan's section `process` describes, in the target's namespaces and the plan's cgroups, in
 * a session of its own. Returns its pid, a child of ours that is in front of execve or has failed; -1 with a noted
 * failure, for which a record in the report pipe knows better. The program of `seccomp` must have been loaded.
 */
pid_t enter_container(const struct plan *plan, const struct target *target, enum process_role role,
                      const struct entry_ends *ends);
