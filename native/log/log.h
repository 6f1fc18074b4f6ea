/*
 * The container's log. What a driver needs besides its address comes as records `log-attribute` of the plan. Nothing
 * here waits: what a file's disk or a driver's socket does not take is lost, and the container goes on.
 */
#pragma once

#include "base/plan.h"

#include <stdbool.h>
#include <stddef.h>

/* Docker cuts lines into pieces of this size. */
#define LOG_PIECE 16384

/* Opens the log that the plan asks for, if any and unless it is open. The plan must stay mapped. -1 with a noted failure. */
int log_open(const struct plan *plan);
bool log_is_open(void);

/*
 * Appends a line, or a piece of one that is not `complete`: no newline is added to its text then. What is appended
 * between two flushes was read at one time, and has that, each line a nanosecond later than the one before.
 */
void log_append(int stream, const char *text, size_t length, bool complete);

/* Hands what was appended to the kernel. */
void log_flush(void);

/* Gives back memory that much output took: nothing comes at present. */
void log_rest(void);

void log_close(void);
