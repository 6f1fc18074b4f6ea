/* Capabilities and identity. */
#pragma once

#include "base/plan.h"
#include "confine/user.h"

struct capability_sets {
    bool given;
    bool excess; /* CAP_SYS_ADMIN is still there beside them */
    uint64_t bounding, permitted, inheritable, effective, ambient;
};

/* Reads the record `capabilities`; what this process lacks itself is left out. -1 with a noted failure. */
int read_capabilities(const struct record *record, struct capability_sets *sets);

/*
 * Becomes the user with exactly these capabilities, and with `for_filter` with CAP_SYS_ADMIN until confine_last(): a
 * system call filter asks for it where privileges can still be gained. A user other than root loses all but the ambient
 * ones at execve, by the kernel's rules (capabilities(7)). -1 with a noted failure.
 */
int confine(const struct identity *identity, struct capability_sets *sets, bool for_filter);

/* Gives up what was kept for the filter: at most one capset. -1 with a noted failure. */
int confine_last(const struct capability_sets *sets);
