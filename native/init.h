#pragma once

#include "plan.h"

/* What the container's first process gets from the monitor: its standard streams and the end of the report pipe. */
struct init_ends {
    int in, out, err, report;
};

/* Performs the sections `init` and `process` and becomes the container's program. */
_Noreturn void init_main(const struct plan *plan, const struct init_ends *ends);

/* SIGKILL when the monitor dies; the kernel forgets that when the credentials change. Exits when it is dead already. */
void die_with_monitor(void);
