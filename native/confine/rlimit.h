/* The records `rlimit` (getrlimit(2)) and `oom-score-adj` (proc_pid_oom_score_adj(5)). */
#pragma once

#include "base/plan.h"

/*
 * Raises this process's own hard limits to those of the plan where it may: nobody can from within a user namespace,
 * whatever its rights there. What it may not raise is told by rlimits_set().
 */
void rlimits_raise(const struct plan *plan);

/*
 * Sets the plan's limits, but with `before_clone` not that of processes, which would count this process, too, and
 * refuse the clone. -1 with a noted failure; EPERM: above the hard limit, which only CAP_SYS_RESOURCE raises.
 */
int rlimits_set(const struct plan *plan, bool before_clone);

/* Sets what rlimits_set() left, if anything. -1 with a noted failure. */
int rlimits_set_processes(void);

/* Performs the record `oom-score-adj` for a process: its pid, or `self`. -1 with a noted failure. */
int set_oom_score(const struct plan *plan, const char *process);
