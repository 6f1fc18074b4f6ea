/* The control socket RUN/ID/ctl: lines in, lines out (src/ARCHITECTURE.md, "The control socket"). */
#pragma once

#include "plan.h"
#include "records.h"

#include <stdint.h>

/* epoll's data.u32 of a client is CONTROL_SOURCE plus its slot; of the listening socket, CONTROL_LISTENER. */
#define CONTROL_LISTENER 15
#define CONTROL_SOURCE 16

/* Binds and listens; `rundir` is the open directory. -1 with errno. */
int control_listen(int rundir);

/* Starts serving: registers with `epoll`. */
void control_serve(const struct plan *plan, int epoll);

/* From now on signals go to this process, with a pidfd of it; -1: to nobody, as it ended. */
void control_follow(pid_t init, int pidfd);

/* Whether somebody, or the host that goes down, said that the container is to end for good. */
bool control_ends(void);

void control_accept(void);
void control_event(unsigned slot, uint32_t events);

/*
 * Sends a user's signal to the first process; SIGKILL ends it also when it is frozen. One by which processes are ended
 * is the end for good: also while the container waits to be started again. -1 with errno.
 */
int control_signal(int number);

/* The same for a signal that nobody asked for: what a restart policy says holds. */
int control_send(int number);

/* What was sent to it so far, by whatever way. */
struct signals_sent control_sent(void);

/* Sends `signal` and, unless `timeout_ms` is negative, SIGKILL that much later; it is the end for good. -1 with errno. */
int control_stop(int signal, int64_t timeout_ms);

/* The same with the plan's signal and timeout, to start it again. */
int control_stop_for_restart(void);

/* How long epoll may wait until control_tick() is due: ms, -1 for ever. */
int control_timeout(void);
void control_tick(void);

/* No new clients; those that already wrote a request are heard. */
void control_close(void);

/* Tells everyone who waits that it ended, and hangs up on them. */
void control_announce(int code);

/* Hangs up on everyone else. */
void control_hang_up(void);
