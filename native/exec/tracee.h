/*
 * A process that must not run before it was moved into its cgroups: it is traced by us from its birth, so that nobody
 * else traces it, and stopped. Others may still write to its memory; what they write runs only when it is where it belongs.
 */
#pragma once

#include "base/plan.h"

#include <sys/types.h>

/*
 * Has the stage, while it has its rights, held by its parent, and what it clones as well. -1 with errno: the host lets
 * nobody trace.
 */
int tracee_begin(void);

/*
 * Moves, in the stage's parent, what the stage clones into the cgroups of the plan and lets both go. `member` as for
 * cgroups_place(). Without a child the stage is let go, too, and tells itself what failed. -1 with a noted failure: all
 * were killed.
 */
int tracee_move(pid_t stage, const struct plan *plan, pid_t member);
