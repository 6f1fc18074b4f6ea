/* The teardown section of a plan; the monitor and the verb `cleanup` perform it. */
#pragma once

#include "plan.h"

/* Tries every step; 0 when all are done, -1 with the first failure noted. Can be repeated. */
int teardown(const struct plan *plan);

/* Removes RUN/ID, the plan last. Only after teardown() succeeded. */
int remove_rundir(const struct plan *plan, int rundir);
