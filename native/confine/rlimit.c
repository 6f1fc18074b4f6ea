#include "confine/rlimit.h"

#include "base/report.h"
#include "base/util.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* A limit as prlimit64(2) takes it; UINT64_MAX is no limit. */
struct limit {
    int64_t resource;
    uint64_t values[2]; /* soft, hard */
};

static int change(int64_t resource, const uint64_t *new, uint64_t *old)
{
    return (int)syscall(SYS_prlimit64, 0, (int)resource, new, old);
}

static int read_limit(const struct record *record, struct limit *limit)
{
    return parse_number(record->arg[0], 10, &limit->resource) < 0 ||
                   parse_unsigned(record->arg[1], 10, &limit->values[0]) < 0 ||
                   parse_unsigned(record->arg[2], 10, &limit->values[1]) < 0
               ? -1
               : 0;
}

static struct limit processes;
static bool processes_are_left;

void rlimits_raise(const struct plan *plan)
{
    struct limit limit;
    for (struct record record = {0}; plan_next(plan, SECTION_PROCESS, &record);) {
        uint64_t own[2];
        if (record.op != OP_RLIMIT || read_limit(&record, &limit) < 0) continue;
        if (change(limit.resource, NULL, own) < 0 || own[1] >= limit.values[1]) continue;
        own[1] = limit.values[1];
        change(limit.resource, own, NULL);
    }
}

int rlimits_set(const struct plan *plan, bool before_clone)
{
    struct limit limit;
    for (struct record record = {0}; plan_next(plan, SECTION_PROCESS, &record);) {
        if (record.op != OP_RLIMIT) continue;
        if (read_limit(&record, &limit) < 0) return failed(STAGE_RLIMIT, record.arg[0]);
        if (before_clone && limit.resource == RLIMIT_NPROC) {
            processes = limit;
            processes_are_left = true;
        } else if (change(limit.resource, limit.values, NULL) < 0) {
            return failed(STAGE_RLIMIT, record.arg[0]);
        }
    }
    return 0;
}

int rlimits_set_processes(void)
{
    char resource[8];
    if (!processes_are_left || change(processes.resource, processes.values, NULL) == 0) return 0;
    snprintf(resource, sizeof resource, "%d", (int)processes.resource);
    return failed(STAGE_RLIMIT, resource);
}

int set_oom_score(const struct plan *plan, const char *process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/oom_score_adj", process);
    for (struct record record = {0}; plan_next(plan, SECTION_PROCESS, &record);) {
        if (record.op != OP_OOM_SCORE_ADJ) continue;
        if (write_text(path, record.arg[0]) < 0) return failed(STAGE_OOM_SCORE_ADJ, record.arg[0]);
    }
    return 0;
}
