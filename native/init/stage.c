#include "init/stage.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "init/tracers.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

bool needs_stage(const struct plan *plan)
{
    return plan->joined != 0 || (plan->namespaces & CLONE_NEWTIME);
}

/*
 * The first process of a container has the host's rights until it executes its command. One that has joined another
 * pid namespace is seen there meanwhile.
 */
static int join(const struct record *record)
{
    owned_fd process = open_process(record->arg[1], record->arg[2]);
    if (process < 0) return -1;
    if (namespace_flag(record->arg[0]) == CLONE_NEWPID) {
        int tracer = has_tracer((pid_t)atoi(record->arg[1]));
        if (tracer != 0) return tracer < 0 ? -1 : fail_with(EACCES);
    }
    return setns(process, (int)namespace_flag(record->arg[0]));
}

/* The user namespace or all the others: the host's rights are needed for those, and end with it. */
static int join_all(const struct plan *plan, bool users)
{
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op != OP_JOIN || (namespace_flag(record.arg[0]) == CLONE_NEWUSER) != users) continue;
        if (join(&record) < 0) return failed(STAGE_JOIN, record.arg[0]);
    }
    return 0;
}

/*
 * A hierarchy that delegates by cgroup namespace refuses clone3 into a cgroup that the own namespace does not show; so
 * the stage goes there first, and its child is born there.
 */
static int enter_cgroup(const char *cgroup)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
    return write_text(path, "0") < 0 ? failed(STAGE_CGROUP, cgroup) : 0;
}

/* The namespace is that of the children; its clocks can be set as long as it has none. */
static int leave_time(const struct plan *plan)
{
    if (unshare(CLONE_NEWTIME) < 0) return failed(STAGE_TIME_OFFSET, "namespace");
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        char line[128];
        if (record.op != OP_TIME_OFFSET) continue;
        snprintf(line, sizeof line, "%s %s %s\n", record.arg[0], record.arg[1], record.arg[2]);
        if (write_text("/proc/self/timens_offsets", line) < 0)
            return failed(STAGE_TIME_OFFSET, record.arg[0]);
    }
    return 0;
}

int enter_namespaces(const struct plan *plan)
{
    if ((plan->joined & CLONE_NEWCGROUP) && plan->cgroup_v2 != NULL && enter_cgroup(plan->cgroup_v2) < 0)
        return -1;
    if ((plan->namespaces & CLONE_NEWTIME) && leave_time(plan) < 0) return -1;
    if (join_all(plan, false) < 0 || join_all(plan, true) < 0) return -1;
    trace("namespaces entered");
    return 0;
}
