/*
 * The records `monitor-cgroup`: where limits of a container's CPU and block I/O hold for its monitor, as what a
 * container makes others do counts as its own. Without such records nothing is done.
 */
#pragma once

#include "base/plan.h"

/* Makes the directories. -1 with a noted failure. */
int monitor_cgroups_make(const struct plan *plan);

/* The calling process goes there, and what it starts from now on is there. -1 with a noted failure. */
int monitor_cgroups_join(const struct plan *plan);

/*
 * Takes the calling process back; what it has started stays. One that cannot go back stays, too: then the teardown
 * cannot remove its cgroup, and says so.
 */
void monitor_cgroups_leave(const struct plan *plan);

/*
 * Performs a record `vacate-cgroup`: moves what is in the cgroup away and removes it; a missing one is fine. -1 with
 * errno.
 */
int monitor_cgroup_vacate(const struct record *record);
