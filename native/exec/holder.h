/*
 * The holder: the parent of a process that `exec` started, what the monitor is to a container. It relays the process's
 * streams, writes its records and outlives the client. A pid namespace ends only when all that were in it are waited
 * for: a client that was stopped, or that nobody reads from, must not keep a container from ending. When the process has
 * ended the client hears of it at once; the holder stays as long as others have the process's pipes.
 */
#pragma once

#include "base/plan.h"

/* The holder's ends of what it has in common with the client. */
struct holder_ends {
    int client;  /* a stream socket: frames, as between `run` and its monitor */
    int signals; /* a pipe: a byte for each signal */
    int control; /* lines `resize ROWS COLUMNS`; -1: nobody tells sizes */
};

/* Starts the process of the plan and stays until it ended. `detached`: nobody has its streams. */
_Noreturn void holder_main(const struct plan *plan, const struct holder_ends *ends, bool detached);
