/*
 * What the container's first process has of the lender (lender.h), and how it is told whether there is one: mounts that it
 * cannot make for itself arrive over a socket, in the order of their records.
 */
#pragma once

#include "base/plan.h"

/* Whether the first process has no rights on the host's tree. */
bool is_unprivileged(const struct plan *plan);

/* Whether there is something to lend. */
bool plan_lends(const struct plan *plan);

/* Whether the mount of this record is made by the lender; `unprivileged`: the first process has no rights on the host. */
bool is_lent(const struct record *record, bool unprivileged);

/* Waits until the ids of this process are mapped and its streams its own. -1 with a noted failure. */
int await_ids(int socket);

/* Returns the mount of the next record that has one. -1 with errno. */
int borrow(int socket);
