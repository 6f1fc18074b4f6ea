#pragma once

#include "base/plan.h"

/*
 * Performs the section `setup`, in the host's namespaces, and takes in what the first process inherits: the system call
 * filter, and hard limits that it could not raise itself. -1 with a noted failure.
 */
int set_up(const struct plan *plan);

/* The section alone. -1 with a noted failure. */
int perform_setup(const struct plan *plan);
