#pragma once

#include "base/plan.h"

/* What the container's first process gets from the monitor: standard streams and the end of the report pipe. */
struct init_ends {
    int in, out, err, report;
    int lender;  /* the socket of lender.h, or -1 */
    int master;  /* where the terminal's master is sent, or -1 */
    int network; /* a byte comes from here when the networks are up; -1: nobody brings any up */
};

/* Performs the sections `init` and `process` and becomes the container's program. */
_Noreturn void init_main(const struct plan *plan, const struct init_ends *ends);
