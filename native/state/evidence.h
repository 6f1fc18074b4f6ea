#pragma once

#include "base/plan.h"
#include "state/records.h"

/* Reads what the kernel counted in the container's cgroups; to be called before they are removed. */
void collect_evidence(const struct plan *plan, struct evidence *evidence);

/* Returns what was counted since `before`: the cgroups of a container that is started again count on. */
struct evidence evidence_since(const struct evidence *before, const struct evidence *now);

/*
 * Whether the kernel drops this signal: the process is the first one of a pid namespace and has no handler for it
 * (pid_namespaces(7)). One that says itself that it ignores it is not meant, nor one that keeps it waiting.
 */
bool ignores_signal(pid_t pid, int number);
