/* The networks of a container, which its monitor brings up at each start and takes down at each end. */
#pragma once

#include "base/plan.h"

#include <sys/types.h>

/* Says, at the monitor's start, that nothing is up yet. Who does not say so cleans up after a monitor that died. */
void endpoints_begin(void);

/*
 * Looks whether the firewall is what the plan says and brings up every network file that is there, for the first process
 * `init`. What a repair can cure is tried once more after it. -1 with a noted failure: then nothing of it is up, and with
 * ESRCH that process has ended.
 */
int endpoints_up(const struct plan *plan, pid_t init);

/* Takes down what is up. -1 with a noted failure. */
int endpoints_down(const struct plan *plan);
