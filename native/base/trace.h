/*
 * With SKIFF_TRACE=1 the moments of a start are noted in memory shared by client, monitor and first process, and
 * printed to stderr by the client when the container started: µs since the first line of main, who, what was reached.
 */
#pragma once

enum trace_role {
    TRACE_CLIENT = 'c',
    TRACE_MONITOR = 'm',
    TRACE_STAGE = 's',
    TRACE_LENDER = 'l',
    TRACE_INIT = 'i'
};

/* Begins a trace when the environment asks for one; survives the re-exec into the sealed copy. */
void trace_begin(void);

/* Sets the role under which this process notes moments from now on. */
void trace_as(enum trace_role role);

/* Notes that `what` (a string that lives forever) is done. */
void trace(const char *what);

void trace_print(void);
