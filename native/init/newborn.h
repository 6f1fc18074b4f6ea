/* What waits for execve of a process that it has cloned, which others may see from its first moment. */
#pragma once

#include "base/report.h"

#include <sys/types.h>

/* A child of ours (not above 0: it could not be made), and the end of the pipe on which it reports a failure; execve closes the other one. */
struct newborn {
    pid_t pid;
    int pidfd;
    int report;
};

/*
 * Waits until it executes its command, has failed, or has ended. Returns the size of the record of its failure; 0: there
 * is none. One that others keep stopped (SIGSTOP, ptrace) for some seconds is killed: -1 with a noted failure. Whoever
 * has copied the other end of the pipe (pidfd_getfd(2)) holds nobody up.
 */
ssize_t newborn_await(const struct newborn *newborn, char record[RECORD_MAX]);
