/*
 * The processes that stand beside a container on networks: its resolver, and the forwarder of its published ports
 * (forwarder.h). Both are children of the monitor.
 */
#pragma once

#include "base/plan.h"

#include <sys/types.h>

/* Holds the plan's ports, before the first start. -1 with a noted failure. */
int sidecars_prepare(const struct plan *plan, int epoll);

/* Starts the resolver of a container that has just come into being, if it is to have one. -1 with a noted failure. */
int sidecars_begin(pid_t init);

/* The resolver ended: another one is started, unless it ended right after its start. */
void sidecars_replace_resolver(void);

/* Something of the networks has changed: a resolver that is wanted by now is started, the forwarder reads its file anew. */
int sidecars_renew(void);

/* Lists those that run now: their pids, and how many. */
#define SIDECARS_MAX 2
int sidecars_list(pid_t pids[SIDECARS_MAX]);

/* The container's run has ended. */
void sidecars_end(void);
