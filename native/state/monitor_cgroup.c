#include "state/monitor_cgroup.h"

#include "base/fields.h"
#include "base/report.h"
#include "base/util.h"
#include "state/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long processes that are ending may take to be gone. */
#define VACATE_PATIENCE_MS 10000

/* That an update has added some; and whether this process is where they say. */
static bool has_added, inside;

/* Too long for a path is no file. */
static void name_added(const struct plan *plan, char path[4096])
{
    if (snprintf(path, 4096, "%s/monitor-cgroups", plan->rundir) >= 4096) path[0] = '\0';
}

static int for_each(const struct plan *plan, int (*act)(const struct record *record))
{
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op == OP_MONITOR_CGROUP && act(&record) < 0) return -1;
    }
    return 0;
}

/* Nothing of it is kept in memory, which whatever enters a container would inherit. */
int monitor_cgroups_open_added(const struct plan *plan, struct plan *added)
{
    char path[4096];
    name_added(plan, path);
    return plan_open(added, path);
}

static int for_all(const struct plan *plan, int (*act)(const struct record *record))
{
    struct plan added;
    if (for_each(plan, act) < 0) return -1;
    if (!has_added) return 0;
    if (monitor_cgroups_open_added(plan, &added) < 0) return -1;
    int result = for_each(&added, act);
    fields_close(&added.file);
    return result;
}

static int make(const struct record *record)
{
    return make_directories(record->arg[1], 0755) < 0 ? failed(STAGE_CGROUP, record->arg[1]) : 0;
}

int monitor_cgroups_make(const struct plan *plan)
{
    return for_each(plan, make);
}

static int put(const char *directory, const char *file, const char *process)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", directory, file) >= (int)sizeof path)
        return fail_with(ENAMETOOLONG);
    return write_text(path, process);
}

/*
 * Writes the process to `file` of the first of `count` directories that takes it, which are fields from `back` on. -1
 * with the errno of the last.
 */
static int put_first(const char *back, unsigned count, const char *file, const char *process)
{
    for (; put(back, file, process) < 0; back = next_field(back)) {
        if (--count == 0) return -1;
    }
    return 0;
}

/* Returns the file to which the calling process, which has no threads, writes 0: on v1 as cgroups_join_v1() does it. */
static const char *file_for_self(const struct record *record)
{
    return strcmp(record->arg[0], "v1") == 0 ? "tasks" : "cgroup.procs";
}

static int join(const struct record *record)
{
    return put(record->arg[1], file_for_self(record), "0") < 0 ? failed(STAGE_CGROUP, record->arg[1]) : 0;
}

int monitor_cgroups_join(const struct plan *plan)
{
    inside = true;
    return for_all(plan, join);
}

static int leave(const struct record *record)
{
    put_first(record->arg[2], record->count - 2, file_for_self(record), "0");
    return 0;
}

void monitor_cgroups_leave(const struct plan *plan)
{
    inside = false;
    for_all(plan, leave);
}

/* One that has ended meanwhile is a zombie still, as its parent is who asks. */
static int move(const struct plan *added, pid_t process)
{
    char pid[16];
    snprintf(pid, sizeof pid, "%d", process);
    for (struct record record = {0}; plan_next(added, SECTION_GENERAL, &record);) {
        if (record.op != OP_MONITOR_CGROUP) continue;
        if (put(record.arg[1], "cgroup.procs", pid) < 0 && errno != ESRCH)
            return failed(STAGE_CGROUP, record.arg[1]);
    }
    return 0;
}

/* Itself first: what it starts from then on is there. */
int monitor_cgroups_spread(const struct plan *added, const pid_t *started, int count)
{
    if (inside && for_each(added, join) < 0) return -1;
    for (int i = 0; i < count; i++) {
        if (move(added, started[i]) < 0) return -1;
    }
    return 0;
}

void monitor_cgroups_look(const struct plan *plan)
{
    char path[4096];
    name_added(plan, path);
    has_added = access(path, F_OK) == 0;
}

/*
 * Forwarder, compressions and holders of `exec`, or a monitor whose start failed. -1: one stays that is not ending. Pids
 * are given out one after the other: what was listed just now is not another process's yet.
 */
static int move_members(const struct record *record)
{
    pid_t pids[CGROUP_ROUND];
    owned_fd dir = open(record->arg[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int count = dir < 0 ? 0 : cgroup_members(dir, pids);
    for (int i = 0; i < count; i++) {
        char pid[16];
        snprintf(pid, sizeof pid, "%d", pids[i]);
        if (put_first(record->arg[1], record->count - 1, "cgroup.procs", pid) < 0 && errno != ESRCH)
            return -1;
    }
    return 0;
}

int monitor_cgroup_vacate(const struct record *record)
{
    int64_t until = monotonic_ms() + VACATE_PATIENCE_MS;
    while (rmdir(record->arg[0]) < 0) {
        if (errno != EBUSY) return errno == ENOENT || errno == ENAMETOOLONG ? 0 : -1;
        if (move_members(record) < 0) return -1;
        if (rmdir(record->arg[0]) == 0) return 0;
        if (monotonic_ms() >= until) return fail_with(EBUSY);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return 0;
}

int monitor_cgroups_vacate_added(const struct plan *plan)
{
    struct plan added;
    int result = 0;
    if (!has_added) return 0;
    if (monitor_cgroups_open_added(plan, &added) < 0) return -1;
    for (struct record record = {0}; plan_next(&added, SECTION_TEARDOWN, &record);) {
        if (record.op == OP_VACATE_CGROUP && monitor_cgroup_vacate(&record) < 0)
            result = failed(STAGE_CLEANUP, record.arg[0]);
    }
    fields_close(&added.file);
    return result;
}
