/*
 * Failures as data: stage, errno, detail. Whoever fails notes it with failed() and returns -1; whoever reports it
 * sends the record. One failure per process: the first one noted stands.
 */
#pragma once

#include "base/stages.h"

#include <stdbool.h>
#include <stddef.h>

/* Longest record: it has to fit into one atomic write to a pipe. */
#define RECORD_MAX 4096

/* Notes errno under a stage; `detail` names the object. Returns -1, errno kept. */
int failed(enum stage stage, const char *detail);

/* Writes the noted failure as three NUL-terminated fields; returns their length. */
size_t encode_failure(char record[RECORD_MAX]);

/* Writes the noted failure to the pipe of a process that waits for it. */
void report_to(int pipe);

/* Notes the failure of another process. */
void adopt_failure(const char *record, size_t size);

/*
 * The exit code of a container that could not be started: 127 what is not there, 126 what cannot be executed, 125 anything
 * else. The noted failure makes room for the next.
 */
int take_failure_code(void);

/* Whether the noted failure has this stage and this errno. */
bool has_failed(enum stage stage, int error);

/* The noted failure makes room for the next. */
void forget_failure(void);

/* Splits a record into its fields; -1 when it is not one. */
int decode_failure(const char *record, size_t size, const char *fields[3]);

/*
 * Reports a failure of a verb that starts nothing: as a record on descriptor 3 when somebody listens there, else on
 * stderr.
 */
void report_failure(const char *stage, int error, const char *detail);

/* Reports the noted failure as report_failure() does. */
void report_noted_failure(void);

/* Prints a record as `skiff-helper: stage: detail: reason` to stderr. */
void print_failure(const char *record, size_t size);
