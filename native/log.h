/* The container's log, in the format of Docker's json-file driver. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Docker cuts lines into pieces of this size. */
#define LOG_PIECE 16384

/*
 * Opens the log for appending. A file that reached `max_bytes` (0 or less: never) is renamed to `path.1` before the
 * next line, `path.1` to `path.2` and so on up to `max_files` files in all; with one file it is emptied. `path` must
 * outlive the log. -1 with errno.
 */
int log_open(const char *path, int64_t max_bytes, int64_t max_files);
bool log_is_open(void);

/* Appends a line, or a piece of one that is not `complete`: no newline is added to its text then. */
void log_append(int stream, const char *text, size_t length, bool complete);

/* Hands what was appended to the kernel. What cannot be written (a full disk) is lost; the container goes on. */
void log_flush(void);

void log_close(void);
