/* The control socket RUN/ID/ctl: lines in, lines out (native/MONITOR.md, "The control socket"). */
#pragma once

#include "base/plan.h"

#include <stdint.h>

/* Binds and listens; `rundir` is the open directory. -1 with errno. */
int control_listen(int rundir);

/* Starts serving: registers with `epoll`. */
void control_serve(const struct plan *plan, int epoll);

/* Whether somebody goes on with the container's files after the end, although it was to be removed then. */
bool control_keeps_files(void);

void control_accept(void);
void control_event(unsigned slot, uint32_t events);

/* No new clients; those that already wrote a request are heard. */
void control_close(void);

/* Tells everyone who waits that it ended, and hangs up on them. */
void control_announce(int code);

/* Hangs up on everyone else. */
void control_hang_up(void);
