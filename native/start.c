#include "start.h"

#include "cgroup.h"
#include "control.h"
#include "init.h"
#include "kernel.h"
#include "log.h"
#include "records.h"
#include "report.h"
#include "trace.h"
#include "util.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int make_directory(const struct record *record)
{
    uint64_t mode;
    if (parse_unsigned(record->arg[1], 8, &mode) < 0) return -1;
    return mkdir(record->arg[0], (mode_t)mode) == 0 || errno == EEXIST ? 0 : -1;
}

static int set_up(const struct plan *plan)
{
    for (struct record record = {0}; plan_next(plan, SECTION_SETUP, &record);) {
        const char *path = record.arg[0];
        if (record.op == OP_MKDIR && make_directory(&record) < 0) return failed(STAGE_MKDIR, path);
        if (record.op == OP_MKDIR || write_text(path, record.arg[1]) == 0) continue;
        if (record.op == OP_WRITE_OPTIONAL && (errno == ENOENT || errno == EACCES)) continue;
        return failed(STAGE_WRITE, path);
    }
    return 0;
}

/* The pipes of the standard streams and of the report; the container's ends close when this scope is left. */
struct ends {
    struct init_ends theirs;
    int report;
};

static void close_their_ends(struct ends *ends)
{
    close_fd(&ends->theirs.in);
    close_fd(&ends->theirs.out);
    close_fd(&ends->theirs.err);
    close_fd(&ends->theirs.report);
}

static void close_ends(struct ends *ends)
{
    close_their_ends(ends);
    close_fd(&ends->report);
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

static int make_pipes(const struct plan *plan, struct container *container, struct ends *ends)
{
    int fds[2];
    if (make_pipe(&container->out, &ends->theirs.out, &container->out) < 0 ||
        make_pipe(&container->err, &ends->theirs.err, &container->err) < 0 || pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    ends->report = fds[0];
    ends->theirs.report = fds[1];
    if (plan->stdin_open) return make_pipe(&ends->theirs.in, &container->in, &container->in);
    ends->theirs.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return ends->theirs.in < 0 ? -1 : 0;
}

/*
 * One clone3 with all namespaces; only the cgroup namespace is unshared later, by the process itself, as its root is
 * the cgroup that the process is in at that time.
 */
static int clone_init(const struct plan *plan, struct container *container, const struct init_ends *theirs)
{
    owned_fd cgroup = -1;
    struct k_clone_args args = {
        .flags = (plan->namespaces & ~(uint64_t)CLONE_NEWCGROUP) | CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&container->pidfd,
        .exit_signal = SIGCHLD,
    };
    if (plan->cgroup_v2 != NULL) {
        cgroup = open(plan->cgroup_v2, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (cgroup < 0) return failed(STAGE_CGROUP, plan->cgroup_v2);
        args.flags |= K_CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup;
    }
    container->pid = k_clone3(&args);
    if (container->pid == 0) init_main(plan, theirs);
    return container->pid < 0 ? failed(STAGE_CLONE, plan->id) : 0;
}

/* What can be done while the first process mounts. */
static int prepare_monitor(const struct plan *plan, const struct container *container)
{
    if (plan->log_path != NULL && log_open(plan->log_path, plan->log_max_bytes, plan->log_max_files) < 0)
        return failed(STAGE_LOG, plan->log_path);
    if (control_listen(container->rundir) < 0) return failed(STAGE_CONTROL, plan->rundir);
    trace("log and socket open");
    return 0;
}

/* End of file means that execve closed the other end. */
static int await_execve(int report)
{
    char record[RECORD_MAX];
    ssize_t n;
    while ((n = read(report, record, sizeof record)) < 0 && errno == EINTR)
        ;
    if (n < 0) return failed(STAGE_MONITOR, "report");
    if (n > 0) adopt_failure(record, (size_t)n);
    return n > 0 ? -1 : 0;
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
    };
    container->mounts = hold_mounts(container->pid);
    /* The record of an earlier run: whoever sees `state` must not see it any more. */
    if (unlink(plan->exit_record) < 0 && errno != ENOENT) return failed(STAGE_STATE, plan->exit_record);
    if (write_state(container->rundir, &state) < 0) return failed(STAGE_STATE, plan->rundir);
    return 0;
}

static void kill_init(const struct container *container)
{
    k_pidfd_send_signal(container->pidfd, SIGKILL);
    while (waitpid(container->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

int container_start(const struct plan *plan, struct container *container)
{
    __attribute__((cleanup(close_ends))) struct ends ends = {{-1, -1, -1, -1}, -1};
    *container = (struct container){.pidfd = -1, .in = -1, .out = -1, .err = -1, .mounts = -1};
    container->rundir = open(plan->rundir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (container->rundir < 0) return failed(STAGE_MONITOR, plan->rundir);
    if (cgroups_make(plan) < 0 || set_up(plan) < 0) return -1;
    trace("set up");
    if (make_pipes(plan, container, &ends) < 0) return failed(STAGE_MONITOR, "pipe");
    if (clone_init(plan, container, &ends.theirs) < 0) return -1;
    trace("clone returned");
    close_their_ends(&ends);
    if (prepare_monitor(plan, container) == 0 && await_execve(ends.report) == 0) {
        trace("execve seen");
        if (announce(plan, container) == 0) return 0;
    }
    kill_init(container);
    return -1;
}
