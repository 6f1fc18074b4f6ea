/* The container's cgroups, by the `cgroup` records of its plan. */
#pragma once

#include "base/plan.h"

#include <sys/types.h>

/* Steps through the records `cgroup` as plan_next() does: version, directory. */
bool cgroups_next(const struct plan *plan, struct record *record);

/*
 * Has the records say `by` in place of this directory, in this process and from here on: two strings that live for
 * ever.
 */
void cgroups_replace(const char *directory, const char *by);

/* Makes the directories. -1 with a noted failure. */
int cgroups_make(const struct plan *plan);

/*
 * Places the calling process in the v1 ones; v2 is entered by clone3. With `tasks`, not in the one that counts processes:
 * its file is opened there instead, to which "0" is to be written (-1: there is no such one). -1 with a noted failure.
 */
int cgroups_join_v1(const struct plan *plan, int *tasks);

/*
 * Places another process in those that a stage does not join: the one of v1 that counts processes, and that of v2, or
 * the one of `member` below it where it takes none (EBUSY). Unlike a clone, a move is never refused for a limit (RCU:
 * 10 ms). -1 with a noted failure.
 */
int cgroups_place(const struct plan *plan, pid_t pid, pid_t member);

/* Opens the cgroup below `cgroup`, of v2, that a process is in. -1 with errno. */
int cgroup_open_member(const char *cgroup, pid_t pid);

/*
 * Lets everything run that is frozen in them or below: on v1 a frozen process does not even die. To be called after
 * SIGKILL was sent, so that it does nothing else.
 */
void cgroups_thaw(const struct plan *plan);

/* Whether the container is paused. */
bool cgroups_frozen(const struct plan *plan);

/* Lets what was frozen as a whole go on, and nothing that stands still in cgroups below it. Whether it was frozen. */
bool cgroups_unpause(const struct plan *plan);

/*
 * Kills what is left in them and removes what is below them, so that the container can be started in them again. -1 with
 * a noted failure.
 */
int cgroups_empty(const struct plan *plan);

/* How many members are dealt with in one round; the others are for the next. */
#define CGROUP_ROUND 256

/* The first processes of a cgroup, whose directory is open; how many they are. */
int cgroup_members(int dir, pid_t pids[CGROUP_ROUND]);

/*
 * Kills what is left in a cgroup of the plan's and removes it with its children; a missing one is fine. -1 with errno.
 */
int cgroup_remove(const struct plan *plan, const char *path);

/*
 * Kills all that is in a cgroup and below it, and removes it: nothing leaves it by setsid or by losing its parent. Thaws
 * nothing: what is frozen ends when it may. -1 with errno when it is not empty after 10 s.
 */
int cgroup_end(const char *path);

/* Removes those below a cgroup whose names begin with `prefix` and that are empty. */
void cgroup_sweep(const char *path, const char *prefix);
