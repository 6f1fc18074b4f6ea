/*
 * Why a container ended as it did is seen best in the counters of its cgroups, which go with it. Every file is one
 * open, so each is looked for only until it is found; that is about 50 us in all.
 */
#include "state/evidence.h"

#include "base/util.h"
#include "state/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* v1 says "no limit" as the largest number of pages. */
#define NO_LIMIT (INT64_MAX / 2)

/* What one controller tells. False: it is not in this cgroup. */
struct controller {
    bool (*read_v1)(int cgroup, struct evidence *evidence);
    bool (*read_v2)(int cgroup, struct evidence *evidence);
};

/* The number behind `key ` at the beginning of a line; 0 when there is none. */
static int64_t counter(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, key, length) == 0 && line[length] == ' ') return strtoll(line + length, NULL, 10);
    }
    return 0;
}

/* A file that says one number; 0 when it is missing or says none ("max"). */
static int64_t number(int cgroup, const char *file)
{
    char text[32];
    return read_text(cgroup, file, text, sizeof text) < 0 ? 0 : strtoll(text, NULL, 10);
}

static bool read_memory_v1(int cgroup, struct evidence *evidence)
{
    char text[256];
    if (read_text(cgroup, "memory.oom_control", text, sizeof text) < 0) return false;
    evidence->oom_kills = counter(text, "oom_kill");
    evidence->memory_peak = number(cgroup, "memory.max_usage_in_bytes");
    int64_t limit = number(cgroup, "memory.limit_in_bytes");
    evidence->memory_limit = limit < NO_LIMIT ? limit : 0;
    return true;
}

static bool read_memory_v2(int cgroup, struct evidence *evidence)
{
    char text[512];
    if (read_text(cgroup, "memory.events", text, sizeof text) < 0) return false;
    evidence->oom_kills = counter(text, "oom_kill");
    evidence->memory_peak = number(cgroup, "memory.peak"); /* since 5.19 */
    evidence->memory_limit = number(cgroup, "memory.max");
    return true;
}

static bool read_cpu_v1(int cgroup, struct evidence *evidence)
{
    char text[512];
    if (read_text(cgroup, "cpu.stat", text, sizeof text) < 0) return false;
    evidence->throttled_periods = counter(text, "nr_throttled");
    evidence->throttled_us = counter(text, "throttled_time") / 1000;
    return true;
}

static bool read_cpu_v2(int cgroup, struct evidence *evidence)
{
    char text[1024];
    /* There is a cpu.stat without the controller, too; then it knows nothing of throttling. */
    if (read_text(cgroup, "cpu.stat", text, sizeof text) < 0) return false;
    evidence->throttled_periods = counter(text, "nr_throttled");
    evidence->throttled_us = counter(text, "throttled_usec");
    return evidence->throttled_periods > 0;
}

static bool read_pids(int cgroup, struct evidence *evidence)
{
    char text[64];
    if (read_text(cgroup, "pids.events", text, sizeof text) < 0) return false;
    evidence->pids_refused = counter(text, "max");
    return true;
}

static const struct controller controllers[] = {
    {read_memory_v1, read_memory_v2},
    {read_cpu_v1, read_cpu_v2},
    {read_pids, read_pids},
};

#define CONTROLLERS (sizeof controllers / sizeof *controllers)

void collect_evidence(const struct plan *plan, struct evidence *evidence)
{
    bool found[CONTROLLERS] = {false};
    size_t left = CONTROLLERS;
    *evidence = (struct evidence){0};
    for (struct record record = {0}; left > 0 && cgroups_next(plan, &record);) {
        bool v2 = strcmp(record.arg[0], "v2") == 0;
        owned_fd cgroup = open(record.arg[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; cgroup >= 0 && i < CONTROLLERS; i++) {
            if (found[i]) continue;
            found[i] = (v2 ? controllers[i].read_v2 : controllers[i].read_v1)(cgroup, evidence);
            left -= found[i];
        }
    }
}

struct evidence evidence_since(const struct evidence *before, const struct evidence *now)
{
    struct evidence since = *now;
    since.oom_kills -= before->oom_kills;
    since.throttled_periods -= before->throttled_periods;
    since.throttled_us -= before->throttled_us;
    since.pids_refused -= before->pids_refused;
    return since;
}

/* A mask of signals in /proc/PID/status. */
static bool has_signal(const char *status, const char *key, int number)
{
    const char *at = strstr(status, key);
    uint64_t mask = at == NULL ? 0 : strtoull(at + strlen(key), NULL, 16);
    return mask >> (number - 1) & 1;
}

/* Whether it is the first process of its pid namespace: its number in its own stands last. */
static bool is_first(const char *status)
{
    const char *at = strstr(status, "\nNSpid:");
    if (at == NULL) return false;
    const char *end = strchr(at + 1, '\n');
    return end != NULL && end[-1] == '1' && end[-2] == '\t';
}

bool ignores_signal(pid_t pid, int number)
{
    char path[64], status[2048];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (number < 1 || read_text(AT_FDCWD, path, status, sizeof status) < 0) return false;
    return is_first(status) && !has_signal(status, "\nSigBlk:", number) &&
           !has_signal(status, "\nSigIgn:", number) && !has_signal(status, "\nSigCgt:", number);
}
