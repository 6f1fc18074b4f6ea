/* The system call filter of the record `seccomp` (seccomp(2), SECCOMP_SET_MODE_FILTER). */
#pragma once

#include "base/plan.h"

/* Takes the program in while the host's paths are there; the first process inherits it. -1 with a noted failure. */
int seccomp_load(const struct plan *plan);

/*
 * Installs it for this process and all that it starts, for good. Asks for CAP_SYS_ADMIN or no-new-privileges. -1 with
 * a noted failure. Nothing to do is success.
 */
int seccomp_install(const struct plan *plan);
