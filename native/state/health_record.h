/* RUN/ID/health (native/MONITOR.md, "Records of the monitor"): how a container is, and what its last checks said. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* How much of a check's output is kept, as with Docker. */
#define HEALTH_OUTPUT_MAX 4096

/* Instead of an exit code. */
enum { HEALTH_TIMED_OUT = -1, HEALTH_NOT_STARTED = -2 };

/* One check. Times are ms since the epoch. */
struct health_check {
    int64_t started, ended;
    int code;
    size_t length;  /* of its output */
    int64_t offset; /* of its output in the file */
};

/* Replaces the file by one that says this and tells of the checks that were noted. */
void health_record_write(int rundir, const char *status, int64_t streak);

/* Notes one more check, which drops the oldest of five, and writes the file. */
void health_record_add(int rundir, const char *status, int64_t streak, const struct health_check *check,
                       const char *output);
