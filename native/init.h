#pragma once

#include "plan.h"

/* What the container's first process gets from the monitor: standard streams and the end of the report pipe. */
struct init_ends {
    int in, out, err, report;
    int lender; /* the socket of lend.h, or -1 */
};

/* Performs the sections `init` and `process` and becomes the container's program. */
_Noreturn void init_main(const struct plan *plan, const struct init_ends *ends);

/* SIGKILL when the monitor dies; the kernel forgets that when the credentials change. Exits when it is dead already. */
void die_with_monitor(void);

/* The same for a helper of the monitor, which has the end `report` of the pipe and must not have the other one. */
void die_with_reader(int report);

/* Performs the record `oom-score-adj` for a process: its pid, or `self`. -1 with a noted failure. */
int set_oom_score(const struct plan *plan, const char *process);
