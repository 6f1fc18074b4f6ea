#pragma once

#include "plan.h"

/* What the container's first process gets from the monitor: standard streams and the end of the report pipe. */
struct init_ends {
    int in, out, err, report;
    int lender; /* the socket of lend.h, or -1 */
    int master; /* where the terminal's master is sent, or -1 */
    int network; /* a byte comes from here when the networks are up; -1: nobody brings any up */
};

/* Where the end of the report pipe is, beside the standard streams. */
#define REPORT_FD 3

/* As a new process has them. */
void reset_signals(void);

/* Otherwise root's session keyring, and the keys in it, would be the container's. */
void leave_keyring(const char *id);

/* Performs the sections `init` and `process` and becomes the container's program. */
_Noreturn void init_main(const struct plan *plan, const struct init_ends *ends);

/* SIGKILL when the monitor dies; the kernel forgets that when the credentials change. Exits when it is dead already. */
void die_with_monitor(void);

/* The same for a helper of the monitor, which has the end `report` of the pipe and must not have the other one. */
void die_with_reader(int report);

/* Performs the record `oom-score-adj` for a process: its pid, or `self`. -1 with a noted failure. */
int set_oom_score(const struct plan *plan, const char *process);
