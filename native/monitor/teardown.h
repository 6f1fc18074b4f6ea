/* The teardown section of a plan; the monitor and the verb `cleanup` perform it. */
#pragma once

#include "base/plan.h"

/*
 * Takes the networks down, then tries every step; 0 when all are done, -1 with the first failure noted. Can be repeated. `keeps_files`: what removes
 * the container itself (`remove-tree`, `touch`) is left out.
 */
int teardown(const struct plan *plan, bool keeps_files);

/* Removes RUN/ID, the plan last. Only after teardown() succeeded. */
int remove_rundir(const struct plan *plan, int rundir);
