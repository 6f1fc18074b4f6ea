/*
 * The records `monitor-cgroup`: where limits of a container's CPU and block I/O hold for its monitor, as what a
 * container makes others do counts as its own. Without such records nothing is done.
 */
#pragma once

#include "base/plan.h"

#include <sys/types.h>

/* Makes the directories. -1 with a noted failure. */
int monitor_cgroups_make(const struct plan *plan);

/*
 * Looks whether an update has written RUN/ID/monitor-cgroups (src/engine/store/STORE.md): more of them, which count as
 * the plan's from here on.
 */
void monitor_cgroups_look(const struct plan *plan);

/* Opens that file, itself a plan. -1 with a noted failure. */
int monitor_cgroups_open_added(const struct plan *plan, struct plan *added);

/*
 * The calling process, if it is in the others, and `started`, `count` processes that it has started, go to those of
 * this plan as well, which are there and set up. -1 with a noted failure.
 */
int monitor_cgroups_spread(const struct plan *added, const pid_t *started, int count);

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

/* The same for those that an update has added. -1 with a noted failure, after all were tried. */
int monitor_cgroups_vacate_added(const struct plan *plan);
