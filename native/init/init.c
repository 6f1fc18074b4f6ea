/*
 * The container's first process between clone3 and execve. It is in its new namespaces, still with the host's file
 * tree; nothing of the image runs before execve.
 */
#include "init/init.h"

#include "base/child.h"
#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/rootfs.h"
#include "base/trace.h"
#include "base/util.h"
#include "confine/idmap.h"
#include "confine/lsm.h"
#include "confine/rlimit.h"
#include "init/borrow.h"
#include "init/give.h"
#include "init/process.h"
#include "init/steps.h"
#include "init/terminal.h"
#include "state/cgroup.h"

#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#define LENDER_FD 4
#define MASTER_FD 5
#define NETWORK_FD 6

/* Returns the lender's socket. */
static int arrange_descriptors(const struct init_ends *ends)
{
    int fds[] = {ends->in, ends->out, ends->err, ends->report, ends->lender, ends->master, ends->network};
    place_descriptors(fds, NETWORK_FD + 1);
    return ends->lender < 0 ? -1 : LENDER_FD;
}

/* The last thing that is done with the host's owner of the directory: afterwards it is one whom nothing belongs to. */
static int open_mount_point(const struct plan *plan)
{
    for (struct record record = {0}; plan_next(plan, SECTION_INIT, &record);) {
        if (record.op != OP_OVERLAY && record.op != OP_BIND_ROOT) continue;
        int fd = open(record.arg[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? failed(STAGE_OVERLAY, record.arg[0]) : fd;
    }
    return fail_with(ENOENT), failed(STAGE_OVERLAY, plan->id);
}

/*
 * Gives up the host's rights. The process stays undumpable: who is in the same user namespace already must not trace it
 * (CVE-2016-9962).
 */
static int give_up_host(const struct plan *plan, struct rootfs *rootfs)
{
    rootfs->unprivileged = true;
    if (plan->namespaces & CLONE_NEWNS) {
        rootfs->mount_point = open_mount_point(plan);
        if (rootfs->mount_point < 0) return -1;
    }
    if (become_root(process_keeps_groups()) < 0) return -1;
    die_with_monitor();
    return 0;
}

/* While the host's root is still there: from the container's own devpts, and shown to it as its console. */
static int make_terminal(const struct rootfs *rootfs)
{
    int result =
        terminal_make(rootfs, MASTER_FD) < 0 || terminal_control() < 0 ? -1 : terminal_bind_console(rootfs);
    close(MASTER_FD);
    trace("terminal");
    return result;
}

/* The end without a byte: the monitor died, or could not do it, and kills this process for that. */
static int await_network(void)
{
    char byte;
    ssize_t n;
    while ((n = read(NETWORK_FD, &byte, 1)) < 0 && errno == EINTR)
        ;
    if (n == 0) errno = ECANCELED;
    return n == 1 ? 0 : failed(STAGE_AWAIT_NETWORK, "monitor");
}

static int perform_record(const struct plan *plan, struct rootfs *rootfs, const struct record *record)
{
    if (record->op == OP_PIVOT && plan->terminal && make_terminal(rootfs) < 0) return -1;
    return record->op == OP_AWAIT_NETWORK ? await_network() : perform_step(rootfs, record);
}

static int perform(const struct plan *plan, int lender)
{
    struct rootfs rootfs = {.root = -1, .mount_point = -1, .lender = lender, .user = plan_user(plan)};
    bool unprivileged = is_unprivileged(plan);
    if (unprivileged ? await_ids(lender) < 0 : set_oom_score(plan, "self") < 0) return -1;
    if (cgroups_join_v1(plan, NULL) < 0) return -1;
    trace("cgroups joined");
    if ((plan->namespaces & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
        return failed(STAGE_CGROUP_NAMESPACE, plan->id);
    leave_keyring(plan->id);
    umask(0);
    if (process_prepare(plan, FIRST_PROCESS) < 0 || lsm_prepare(plan) < 0) return -1;
    if (unprivileged && give_up_host(plan, &rootfs) < 0) return -1;
    for (struct record record = {0}; plan_next(plan, SECTION_INIT, &record);) {
        if (perform_record(plan, &rootfs, &record) < 0) return -1;
        trace(record_name(&record));
    }
    close_fd(&rootfs.mount_point);
    close_fd(&rootfs.lender);
    return process_confine(plan, &rootfs) < 0 ? -1 : process_execute();
}

_Noreturn void init_main(const struct plan *plan, const struct init_ends *ends)
{
    trace_as(TRACE_INIT);
    trace("cloned");
    int lender = arrange_descriptors(ends);
    die_with_monitor();
    reset_signals();
    setsid();
    perform(plan, lender);
    report_to(REPORT_FD);
    _exit(1);
}
