/* Who may trace a process that comes into a pid namespace. */
#pragma once

#include <sys/types.h>

/*
 * Returns 1 when a process in the pid namespace of `pid` has, or may get, CAP_SYS_PTRACE in our user namespace: to it
 * nothing is hidden of a process there that is still with the host's rights, undumpable or not. 0: none has. -1 with
 * errno.
 */
int has_tracer(pid_t pid);
