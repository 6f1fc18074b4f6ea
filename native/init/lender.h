/*
 * What the container's first process cannot make for itself is made by a lender, a child of the monitor: in a new user
 * namespace it has no rights on the host's tree, and another container's mount namespace it never sees. The lender
 * sends detached mounts over a socket, in the order of their records, and ends (borrow.h is the other side).
 */
#pragma once

#include "base/plan.h"

#include <sys/types.h>

/* The lender's descriptors; `idle` are those of others, which must not stay open because of it. */
struct lender_ends {
    int socket, report, idle[6];
    int streams[3]; /* become the property of the container's root when they are pipes */
};

/* Starts the lender for the first process `init`: returns its pid, for the caller to reap. -1 with a noted failure. */
pid_t lender_start(const struct plan *plan, pid_t init, const struct lender_ends *ends);
