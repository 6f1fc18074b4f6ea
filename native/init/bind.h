/* What the records `bind` and `bind-beneath` say (native/PLAN.md). */
#pragma once

#include "base/plan.h"

#include <stdbool.h>

struct bind {
    const char *source, *beneath, *target, *flags; /* beneath: NULL for the source itself */
};

struct bind bind_read(const struct record *record);

/* MS_SHARED, MS_SLAVE, or 0: private. */
unsigned long bind_propagation(const char *flags);

/* Whether such a record shares mounts and unmounts with the host. */
bool bind_propagates(const struct record *record);
