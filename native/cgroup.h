/* The container's cgroups, by the `cgroup` records of its plan. */
#pragma once

#include "plan.h"

#include <stdbool.h>

/* Makes the directories. -1 with a noted failure. */
int cgroups_make(const struct plan *plan);

/* Places the calling process in the v1 ones; v2 is entered by clone3. -1 with a noted failure. */
int cgroups_join_v1(const struct plan *plan);

/* Whether the kernel killed a process in them for want of memory. */
bool cgroups_saw_oom_kill(const struct plan *plan);

/* Kills what is left in a cgroup and removes it with its children; a missing one is fine. -1 with errno. */
int cgroup_remove(const char *path);
