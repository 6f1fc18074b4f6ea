/* Capabilities and identity. */
#pragma once

#include "plan.h"
#include "user.h"

struct capability_sets {
    bool given;
    uint64_t bounding, permitted, inheritable, effective, ambient;
};

/* Reads the record `capabilities`; what this process lacks itself is left out. -1 with a noted failure. */
int read_capabilities(const struct record *record, struct capability_sets *sets);

/*
 * Becomes the user with exactly these capabilities. A user other than root loses all but the ambient ones at execve,
 * by the kernel's rules (capabilities(7)). -1 with a noted failure.
 */
int confine(const struct identity *identity, const struct capability_sets *sets);
