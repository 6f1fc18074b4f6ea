#pragma once

#include "plan.h"
#include "records.h"

/* Reads what the kernel counted in the container's cgroups; to be called before they are removed. */
void collect_evidence(const struct plan *plan, struct evidence *evidence);
