/* How a failed start is told to the user. */
#pragma once

#include "base/plan.h"

#include <stdbool.h>

/* The exit status of a failure that is the engine's own. */
#define EXIT_ENGINE 125

/*
 * Becomes the plan's command that turns an error record into a message; without one, or when it cannot be executed,
 * prints the record and returns EXIT_ENGINE. `name` is passed to it, too, unless it is NULL.
 */
int explain(const struct plan *plan, const char *name, const char *record, size_t size);

/* Explains the noted failure as explain() does. */
int explain_own_failure(const struct plan *plan, const char *name);

/*
 * Ends as a container did. On a terminal, when the kernel killed something of it for want of memory and its code speaks
 * of that: by becoming the same command, which says so and exits with the code.
 */
int explain_end(const struct plan *plan, int code, bool oom);
