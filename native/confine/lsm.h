/* The records `label`: what a Linux security module has the command executed under. */
#pragma once

#include "base/plan.h"

/*
 * Opens the attributes by which this very process asks for a label (the kernel refuses them to any other), while /proc
 * is the host's. -1 with a noted failure, ENOENT when the kernel has no such module.
 */
int lsm_prepare(const struct plan *plan);

/* Asks for the labels; they apply from the next execve of this process, or of a child, on. -1 with a noted failure. */
int lsm_apply(void);
