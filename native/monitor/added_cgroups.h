/* Cgroups of the monitor's that an update adds while the container runs (state/monitor_cgroup.h). */
#pragma once

#include "base/plan.h"

/*
 * Takes in what RUN/ID/monitor-cgroups says by now: makes and sets up what it names, and goes there with the sidecars.
 * -1 with errno.
 */
int added_cgroups_enter(const struct plan *plan);
