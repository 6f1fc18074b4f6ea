/*
 * The stage: a process between monitor and first process that enters the namespaces of other processes, or sets the
 * clocks of a new one, and clones the first process from there, as a child of the monitor.
 */
#pragma once

#include "base/plan.h"

bool needs_stage(const struct plan *plan);

/* Enters the namespaces of the plan that are not made by clone3. -1 with a noted failure. */
int enter_namespaces(const struct plan *plan);
