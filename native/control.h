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

/* Starts serving: registers with `epoll` and sends signals to the process behind `init`. */
void control_serve(const struct plan *plan, int epoll, int init);

void control_accept(void);
void control_event(unsigned slot, uint32_t events);

/* Sends it to the first process; SIGKILL ends it also when it is frozen. -1 with errno. */
int control_signal(int number);

/* What was sent to it so far, by whatever way. */
struct signals_sent control_sent(void);

/* Sends `signal` and, unless `timeout_ms` is negative, SIGKILL that much later. -1 with errno. */
int control_stop(int signal, int64_t timeout_ms);

/* How long epoll may wait until control_tick() is due: ms, -1 for ever. */
int control_timeout(void);
void control_tick(void);

/* No new clients; those that already wrote a request are heard. */
void control_close(void);

/* Tells everyone who waits, and hangs up. */
void control_announce(int code);
