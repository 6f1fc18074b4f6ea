#pragma once

#include "base/plan.h"

/*
 * Starts a container and stays with it for its life, alone: relays, logs, obeys the control socket, and at the end
 * writes the exit record and performs the teardown. `client` is the socket of frames.h, `signals` the pipe beside it;
 * the container that is `tied` to the client is killed when that one is gone.
 */
_Noreturn void monitor_main(struct plan *plan, int client, int signals, bool tied);
