/*
 * The journal of events (src/engine/lifecycle/LIFECYCLE.md): one line of JSON for each, in Docker's shape. An event
 * that cannot be written (a full disk) is lost; nothing waits for it.
 */
#pragma once

#include "base/plan.h"

#include <stdbool.h>

/* Remembers the record `events` of a plan; without one nothing is ever written. The plan must stay mapped. */
void events_open(const struct plan *plan);

/*
 * Notes that something happened to the plan's container: `start`, `die`, `oom`, `kill`, `stop`, `restart`,
 * `health_status: healthy`, `exec_die`, `detach`, `exec_detach`, `resize`, `destroy`. `format` makes more attributes of it, JSON members without braces
 * whose values are strings (`"\"exitCode\":\"%d\""`), or is NULL.
 */
void event_append(const char *action, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes that the plan's container came to (`connect`) or left (`disconnect`) a network; `members` say more. */
void event_append_network(const char *action, const char *network, const char *members);

/* Notes that the plan's container has its volumes (`mount`, with `mounted`), or has them no more (`unmount`). */
void event_append_volumes(const char *action, bool mounted);
