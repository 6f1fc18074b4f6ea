/*
 * The container's first process between clone3 and execve. It is in its new namespaces, still with the host's file
 * tree; nothing of the image runs before execve.
 */
#include "init.h"

#include "cgroup.h"
#include "kernel.h"
#include "process.h"
#include "report.h"
#include "rootfs.h"
#include "steps.h"
#include "trace.h"
#include "util.h"

#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define REPORT_FD 3

void die_with_monitor(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* In a new pid namespace getppid() is 0, whoever lives; but only the monitor reads from the report pipe. */
    struct pollfd report = {.fd = REPORT_FD};
    if (poll(&report, 1, 0) > 0 && (report.revents & POLLERR)) _exit(1);
}

/* Nothing but 0, 1, 2 and the report pipe stays open: what leaked here would be a way out (CVE-2024-21626). */
static void arrange_descriptors(const struct init_ends *ends)
{
    dup2(ends->in, 0);
    dup2(ends->out, 1);
    dup2(ends->err, 2);
    if (ends->report == REPORT_FD)
        fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    else
        dup3(ends->report, REPORT_FD, O_CLOEXEC);
    k_close_range(REPORT_FD + 1, ~0U, 0);
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Otherwise root's session keyring, and the keys in it, would be the container's. */
static void leave_keyring(const char *id)
{
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, id);
}

static int set_oom_score(const struct plan *plan)
{
    for (struct record record = {0}; plan_next(plan, SECTION_PROCESS, &record);) {
        if (record.op != OP_OOM_SCORE_ADJ) continue;
        if (write_text("/proc/self/oom_score_adj", record.arg[0]) < 0)
            return failed(STAGE_OOM_SCORE_ADJ, record.arg[0]);
    }
    return 0;
}

static int perform(const struct plan *plan)
{
    if (set_oom_score(plan) < 0 || cgroups_join_v1(plan) < 0) return -1;
    trace("cgroups joined");
    if ((plan->namespaces & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
        return failed(STAGE_CGROUP_NAMESPACE, plan->id);
    leave_keyring(plan->id);
    umask(0);
    struct rootfs rootfs = {.root = -1};
    for (struct record record = {0}; plan_next(plan, SECTION_INIT, &record);) {
        if (perform_step(&rootfs, &record) < 0) return -1;
        trace(record_name(&record));
    }
    return process_execute(plan, &rootfs);
}

_Noreturn void init_main(const struct plan *plan, const struct init_ends *ends)
{
    trace_as(TRACE_INIT);
    trace("cloned");
    arrange_descriptors(ends);
    die_with_monitor();
    reset_signals();
    setsid();
    perform(plan);
    char record[RECORD_MAX];
    size_t size = encode_failure(record);
    if (write(REPORT_FD, record, size) < 0) _exit(2);
    _exit(1);
}
