/* Stopping a container: what its first process is sent, and how it is brought to its end. */
#pragma once

#include "base/plan.h"
#include "state/records.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Remembers the plan: its stop signal, its cgroups. */
void stopping_prepare(const struct plan *plan);

/* Sends signals to this process from now on, with a pidfd of it; -1: to nobody, as it ended. */
void stopping_follow(pid_t init, int pidfd);

/* Whether somebody, or the host that goes down, said that the container is to end for good. */
bool stopping_is_wanted(void);

/*
 * Sends a user's signal to the first process; SIGKILL ends it also when it is frozen. One by which processes are ended
 * is the end for good: also while the container waits to be started again. -1 with errno.
 */
int stopping_signal(int number);

/* Sends, as stopping_signal() does, a signal that nobody asked for: what a restart policy says holds. */
int stopping_send(int number);

/* Returns what was sent to the first process so far, by whatever way. */
struct signals_sent stopping_sent(void);

/* Sends `signal` and, unless `timeout_ms` is negative, SIGKILL that much later; it is the end for good. -1 with errno. */
int stopping_begin(int signal, int64_t timeout_ms);

/* Stops the container with the plan's signal and timeout, to start it again. */
int stopping_begin_for_restart(void);

/* How long epoll may wait until stopping_tick() is due: ms, -1 for ever. */
int stopping_timeout(void);
void stopping_tick(void);
