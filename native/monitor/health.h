/*
 * The records `health` and `health-arg`: a command that is run in the container again and again tells how it is. Nothing
 * waits for it here.
 */
#pragma once

#include "base/plan.h"
#include "monitor/start.h"

#include <stdint.h>

/* Reads them; without any nothing is ever done. -1 with a noted failure. */
int health_prepare(const struct plan *plan, int epoll);

/* The container was started, for the first time or again. */
void health_begin(const struct container *container);

/* The check that is under way printed something, or ended. */
void health_take_output(void);
void health_end_check(void);

/* How long epoll may wait until health_tick() is due: ms, -1 for ever. */
int health_timeout(void);
void health_tick(void);

/* The container ended: so does a check that is under way, which then tells nothing. */
void health_end(void);

/* Whether it was ended to be started again, as it was unhealthy. */
bool health_restarts(void);
