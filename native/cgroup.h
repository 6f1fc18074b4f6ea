/* The container's cgroups, by the `cgroup` records of its plan. */
#pragma once

#include "plan.h"

/* Steps through the records `cgroup` as plan_next() does: version, directory. */
bool cgroups_next(const struct plan *plan, struct record *record);

/* Makes the directories. -1 with a noted failure. */
int cgroups_make(const struct plan *plan);

/* Places the calling process in the v1 ones; v2 is entered by clone3. -1 with a noted failure. */
int cgroups_join_v1(const struct plan *plan);

/*
 * Lets everything run that is frozen in them or below: on v1 a frozen process does not even die. To be called after
 * SIGKILL was sent, so that it does nothing else.
 */
void cgroups_thaw(const struct plan *plan);

/* Whether the container is paused. */
bool cgroups_frozen(const struct plan *plan);

/*
 * Kills what is left in them and removes what is below them, so that the container can be started in them again. -1 with
 * a noted failure.
 */
int cgroups_empty(const struct plan *plan);

/*
 * Kills what is left in a cgroup of the plan's and removes it with its children; a missing one is fine. -1 with errno.
 */
int cgroup_remove(const struct plan *plan, const char *path);
