#include "monitor/start.h"

#include "base/child.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "init/borrow.h"
#include "init/init.h"
#include "init/lender.h"
#include "init/newborn.h"
#include "init/stage.h"
#include "init/terminal.h"
#include "log/log.h"
#include "monitor/control.h"
#include "monitor/endpoints.h"
#include "monitor/restart.h"
#include "monitor/setup.h"
#include "monitor/sidecars.h"
#include "state/cgroup.h"
#include "state/monitor_cgroup.h"
#include "state/records.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The pipes of the standard streams and of the report; the container's ends close when this scope is left. */
struct ends {
    struct init_ends theirs;
    int report;
    int lender;  /* the lender's end of its socket; -1: nothing is lent */
    int master;  /* where the terminal's master comes from; -1: there is no terminal */
    int network; /* a byte goes there when the networks are up; -1: there are none */
};

static void close_their_ends(struct ends *ends)
{
    close_fd(&ends->theirs.in);
    close_fd(&ends->theirs.out);
    close_fd(&ends->theirs.err);
    close_fd(&ends->theirs.report);
    close_fd(&ends->theirs.lender);
    close_fd(&ends->theirs.master);
    close_fd(&ends->theirs.network);
    close_fd(&ends->lender);
}

static void close_ends(struct ends *ends)
{
    close_their_ends(ends);
    close_fd(&ends->report);
    close_fd(&ends->master);
    close_fd(&ends->network);
}

/* A pipe whose end `ours` does not block; the other end is the container's and does. */
static int make_pipe(int *read_end, int *write_end, const int *ours)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) return -1;
    *read_end = fds[0];
    *write_end = fds[1];
    return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static int make_socket(int *ours, int *theirs)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) return -1;
    *ours = fds[0];
    *theirs = fds[1];
    return 0;
}

/* Prepares for a terminal, with which the first process makes the streams itself; until then they are /dev/null. */
static int prepare_terminal(struct ends *ends)
{
    ends->theirs.in = open("/dev/null", O_RDWR | O_CLOEXEC);
    ends->theirs.out = fcntl(ends->theirs.in, F_DUPFD_CLOEXEC, 0);
    ends->theirs.err = fcntl(ends->theirs.in, F_DUPFD_CLOEXEC, 0);
    return ends->theirs.err < 0 ? -1 : make_socket(&ends->master, &ends->theirs.master);
}

static int make_streams(const struct plan *plan, struct container *container, struct ends *ends)
{
    if (plan->terminal) return prepare_terminal(ends);
    if (make_pipe(&container->out, &ends->theirs.out, &container->out) < 0 ||
        make_pipe(&container->err, &ends->theirs.err, &container->err) < 0)
        return -1;
    if (plan->stdin_open) return make_pipe(&ends->theirs.in, &container->in, &container->in);
    ends->theirs.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return ends->theirs.in < 0 ? -1 : 0;
}

static int make_pipes(const struct plan *plan, struct container *container, struct ends *ends)
{
    int fds[2];
    if (make_streams(plan, container, ends) < 0 || pipe2(fds, O_CLOEXEC) < 0) return -1;
    ends->report = fds[0];
    ends->theirs.report = fds[1];
    if (plan->networks != NULL) {
        if (pipe2(fds, O_CLOEXEC) < 0) return -1;
        ends->theirs.network = fds[0];
        ends->network = fds[1];
    }
    return plan_lends(plan) ? make_socket(&ends->lender, &ends->theirs.lender) : 0;
}

/*
 * Clones the first process with all namespaces; only the cgroup namespace is unshared later, by the process itself, as
 * its root is the cgroup that the process is in at that time.
 */
static int clone_init(const struct plan *plan, struct k_clone_args args, const struct init_ends *theirs)
{
    owned_fd cgroup = -1;
    args.flags |= plan->namespaces & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
    if (plan->cgroup_v2 != NULL && !(plan->joined & CLONE_NEWCGROUP)) {
        cgroup = open(plan->cgroup_v2, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (cgroup < 0) return failed(STAGE_CGROUP, plan->cgroup_v2);
        args.flags |= K_CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup;
    }
    pid_t pid = k_clone3(&args);
    if (pid == 0) init_main(plan, theirs);
    return pid < 0 ? failed(STAGE_CLONE, plan->id) : pid;
}

static int clone_directly(const struct plan *plan, struct container *container, const struct ends *ends)
{
    struct k_clone_args args = {
        .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&container->pidfd, .exit_signal = SIGCHLD};
    container->pid = clone_init(plan, args, &ends->theirs);
    return container->pid < 0 ? -1 : 0;
}

/* The first process is its sibling, and inherits its exit signal. */
static _Noreturn void stage_main(const struct plan *plan, const struct ends *ends, int answer)
{
    pid_t pid = -1;
    trace_as(TRACE_STAGE);
    prctl(PR_SET_NAME, "skiff-stage");
    /* Nor may they whose namespaces these are trace it, or its child, and get at the host's files (CVE-2016-9962). */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    close(ends->report);
    die_with_reader(ends->theirs.report);
    if (enter_namespaces(plan) == 0) {
        die_with_reader(ends->theirs.report); /* a change of user namespace makes the kernel forget it */
        /* In a pid namespace that it shares, the first process is seen before it has executed its command. */
        forget_caller();
        pid = clone_init(plan, (struct k_clone_args){.flags = CLONE_PARENT}, &ends->theirs);
    }
    if (pid > 0 && write(answer, &pid, sizeof pid) == sizeof pid) _exit(0);
    report_to(ends->theirs.report);
    _exit(1);
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/*
 * Waits until the first process executes, or takes what it, the stage or the lender failed at; they write one record at
 * once. In a pid namespace that it shares, others may do to it what they can.
 */
static int take_report(const struct container *container, int report)
{
    char record[RECORD_MAX];
    struct newborn newborn = {.pid = container->pid, .pidfd = container->pidfd, .report = report};
    ssize_t n = newborn_await(&newborn, record);
    if (n > 0) adopt_failure(record, (size_t)n);
    return n == 0 ? 0 : -1;
}

/*
 * Has the stage clone the first process. Its pid is a number that the stage tells; as it is our own child, not reaped
 * yet, it can be nobody else.
 */
static int clone_by_stage(const struct plan *plan, struct container *container, struct ends *ends)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) return failed(STAGE_MONITOR, "pipe");
    owned_fd answer = fds[0];
    pid_t stage = fork();
    if (stage == 0) stage_main(plan, ends, fds[1]);
    close(fds[1]);
    if (stage < 0) return failed(STAGE_MONITOR, "stage");
    reap(stage);
    if (read(answer, &container->pid, sizeof container->pid) != sizeof container->pid) {
        close_fd(&ends->theirs.report);
        return take_report(container, ends->report) < 0 ? -1 : failed(STAGE_MONITOR, "stage");
    }
    container->pidfd = k_pidfd_open(container->pid);
    return container->pidfd < 0 ? failed(STAGE_MONITOR, "stage") : 0;
}

/* Prepares what can be prepared while the first process mounts. */
static int prepare_monitor(const struct plan *plan, const struct container *container)
{
    if (log_open(plan) < 0) return -1;
    if (control_listen(container->rundir) < 0) return failed(STAGE_CONTROL, plan->rundir);
    trace("log and socket open");
    return 0;
}

/*
 * Taking the container's mounts apart takes one or two milliseconds, which its first process would spend before anybody
 * learns that it ended, and which slows the removal of its files down. So the monitor holds them until that is done.
 */
static int hold_mounts(pid_t init)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", init);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int announce(const struct plan *plan, struct container *container)
{
    struct state_record state = {
        .monitor = {getpid(), process_start_time(getpid())},
        .init = {container->pid, process_start_time(container->pid)},
        .started = container->started = realtime_ms(),
        .restarts = restart_count(),
        .counted = container->counted,
    };
    container->began = monotonic_ms();
    container->mounts = hold_mounts(container->pid);
    /* The record of an earlier run: whoever sees `state` must not see it any more. */
    if (unlink(plan->exit_record) < 0 && errno != ENOENT) return failed(STAGE_STATE, plan->exit_record);
    unlinkat(container->rundir, "exit", 0);
    reserve_exit(plan->exit_record);
    if (write_state(container->rundir, &state) < 0) return failed(STAGE_STATE, plan->rundir);
    return 0;
}

static void kill_init(const struct container *container)
{
    k_pidfd_send_signal(container->pidfd, SIGKILL);
    reap(container->pid);
}

/* The lender that the container needs, if any. */
static pid_t start_lender(const struct plan *plan, const struct container *container, const struct ends *ends)
{
    const struct init_ends *theirs = &ends->theirs;
    struct lender_ends lender = {
        .socket = ends->lender,
        .report = theirs->report,
        .idle = {ends->report, theirs->lender, ends->master, theirs->master, ends->network, theirs->network},
        .streams = {theirs->in, theirs->out, theirs->err},
    };
    return ends->lender < 0 ? 0 : lender_start(plan, container->pid, &lender);
}

/* A first process that has ended meanwhile knows better why there is no network namespace. */
static int bring_up_networks(const struct plan *plan, const struct container *container, struct ends *ends)
{
    if (plan->networks == NULL) return 0;
    if (endpoints_up(plan, container->pid) < 0) {
        if (!has_failed(STAGE_NETWORK, ESRCH)) return -1;
        forget_failure();
        errno = ESRCH;
        return take_report(container, ends->report) < 0 ? -1 : failed(STAGE_NETWORK, "namespace");
    }
    trace("networks up");
    return 0;
}

/* The first process waits for its networks. */
static int begin_networking(const struct plan *plan, const struct container *container, struct ends *ends)
{
    if (plan->networks == NULL) return 0;
    if (sidecars_begin(container->pid) < 0) return -1;
    /* Unless it has ended: then it has reported. */
    if (write(ends->network, "1", 1) < 0 && errno != EPIPE) return failed(STAGE_AWAIT_NETWORK, "monitor");
    close_fd(&ends->network);
    return 0;
}

/*
 * End of file means that execve closed the other end. The container's limits hold for the monitor once the networks are
 * up, as others wait for the same locks, and before anything is started that stays.
 */
static int await_execve(const struct plan *plan, const struct container *container, struct ends *ends)
{
    pid_t lender = start_lender(plan, container, ends);
    close_their_ends(ends);
    int result = lender < 0 || bring_up_networks(plan, container, ends) < 0 ||
                         monitor_cgroups_join(plan) < 0 || begin_networking(plan, container, ends) < 0 ||
                         prepare_monitor(plan, container) < 0
                     ? -1
                     : take_report(container, ends->report);
    if (lender > 0) {
        if (result < 0) kill(lender, SIGKILL);
        reap(lender);
    }
    return result;
}

static int take_terminal(const struct plan *plan, struct container *container, const struct ends *ends)
{
    container->out = terminal_receive(ends->master);
    if (container->out < 0) return -1;
    if (!plan->stdin_open) return 0;
    container->in = fcntl(container->out, F_DUPFD_CLOEXEC, 0);
    return container->in < 0 ? failed(STAGE_TERMINAL, "master") : 0;
}

int container_start(const struct plan *plan, struct container *container)
{
    owned(close_ends) struct ends ends = {{-1, -1, -1, -1, -1, -1, -1}, -1, -1, -1, -1};
    *container = (struct container){
        .counted = container->counted, .pidfd = -1, .in = -1, .out = -1, .err = -1, .mounts = -1};
    container->rundir = open(plan->rundir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (container->rundir < 0) return failed(STAGE_MONITOR, plan->rundir);
    /* Started again, it finds its cgroups with the limits that they have by now. */
    if (restart_count() == 0 &&
        (cgroups_make(plan) < 0 || monitor_cgroups_make(plan) < 0 || set_up(plan) < 0))
        return -1;
    trace("set up");
    if (make_pipes(plan, container, &ends) < 0) return failed(STAGE_MONITOR, "pipe");
    int cloned =
        needs_stage(plan) ? clone_by_stage(plan, container, &ends) : clone_directly(plan, container, &ends);
    if (cloned < 0) return -1;
    trace("clone returned");
    if (await_execve(plan, container, &ends) == 0) {
        trace("execve seen");
        bool connected = !plan->terminal || take_terminal(plan, container, &ends) == 0;
        if (connected && announce(plan, container) == 0) return 0;
    }
    sidecars_end();
    monitor_cgroups_leave(plan);
    kill_init(container);
    return -1;
}
