/*
 * A stage enters the container's namespaces and clones the process from there, as a child of whoever asked for it. Who
 * enters a pid namespace is not in it, only what it starts: so nobody inside sees the stage. The process is seen from
 * its first moment, and who has CAP_SYS_PTRACE there can trace it whatever it does against that. So it is born with
 * nothing that the command has not: the stage takes on identity, capabilities and filter, and forgets what it knew of
 * the host, before it clones; the child makes a session, takes its terminal, and executes (src/SECURITY.md).
 */
#include "exec/enter.h"

#include "base/child.h"
#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "confine/idmap.h"
#include "confine/lsm.h"
#include "confine/rlimit.h"
#include "exec/tracee.h"
#include "init/terminal.h"
#include "state/cgroup.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The kinds of namespaces as /proc/PID/ns calls them. */
static const struct {
    const char *name;
    uint64_t flag;
} kinds[] = {
    {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},       {"uts", CLONE_NEWUTS},   {"ipc", CLONE_NEWIPC},
    {"net", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP}, {"user", CLONE_NEWUSER}, {"time", CLONE_NEWTIME},
};

/* Whether a namespace of another process is not ours. A kernel that does not know the kind has one for all. */
static int differs(pid_t pid, const char *kind)
{
    char path[64];
    struct stat own, other;
    snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
    if (stat(path, &own) < 0) return 0;
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, kind);
    if (stat(path, &other) < 0) return -1;
    return own.st_ino != other.st_ino || own.st_dev != other.st_dev;
}

int target_open(struct target *target, const char *pid, const char *start_time)
{
    int64_t number = 0;
    *target = (struct target){.pidfd = open_process(pid, start_time)};
    if (target->pidfd < 0 || parse_number(pid, 10, &number) < 0) return failed(STAGE_TARGET, pid);
    target->pid = (pid_t)number;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int other = differs(target->pid, kinds[i].name);
        if (other < 0) return fail_with(ESRCH), failed(STAGE_TARGET, pid); /* a zombie has none */
        if (other) target->namespaces |= kinds[i].flag;
    }
    /* As long as it was not reaped, what /proc said was said of it. */
    return k_pidfd_send_signal(target->pidfd, 0) < 0 ? failed(STAGE_TARGET, pid) : 0;
}

/* Pipes become the property of the container's root, who gives them to the user. */
static int give_streams(pid_t pid, const struct entry_ends *ends)
{
    struct owner owner;
    int fds[] = {ends->in, ends->out, ends->err};
    if (find_owner(pid, (struct owner){0, 0}, &owner) < 0) return -1;
    for (int i = 0; i < 3; i++) {
        struct stat stat;
        if (fstat(fds[i], &stat) < 0 || !S_ISFIFO(stat.st_mode)) continue;
        if (fchown(fds[i], owner.uid, owner.gid) < 0) return failed(STAGE_ID_MAP, "streams");
    }
    return 0;
}

/* Where descriptors are beside the standard streams and the report; these are the stage's alone. */
enum { ANSWER_FD = REPORT_FD + 1, TARGET_FD, TERMINAL_FD, TASKS_FD, PLACES };

/* The exit status of a stage that has not reported: the cgroup has no room for a process, or for it and the stage. */
#define EXIT_FULL 2

/*
 * How a stage counts among the processes of the container. INSIDE: it joins the container's cgroups just before it
 * clones, so that the process is born there. OUTSIDE, where there is no room for another: the process is born where we
 * are, and moved, which no limit refuses; meanwhile it is held (tracee.h), as it could do there what the cgroup is to
 * keep it from.
 */
enum counting { INSIDE, OUTSIDE };

static _Noreturn void become_process(bool has_terminal)
{
    close(ANSWER_FD);
    setsid();
    if (!has_terminal || terminal_control() == 0) process_execute();
    report_to(REPORT_FD);
    _exit(1);
}

/* While the host's rights and its /proc are there. */
static int prepare(const struct plan *plan, const struct target *target, enum process_role role,
                   const struct entry_ends *ends, int *tasks)
{
    rlimits_raise(plan);
    if (set_oom_score(plan, "self") < 0 || cgroups_join_v1(plan, tasks) < 0) return -1;
    trace("cgroups joined");
    if ((target->namespaces & CLONE_NEWUSER) && give_streams(target->pid, ends) < 0) return -1;
    return process_prepare(plan, role);
}

/*
 * Enters all namespaces at once, which is how the kernel lets the rights of before count for each of them, also when
 * the user namespace is among them (setns(2), pidfd). The root of the mount namespace becomes the root.
 */
static int enter(const struct target *target)
{
    if (target->namespaces != 0 && setns(TARGET_FD, (int)target->namespaces) < 0)
        return failed(STAGE_TARGET, "setns");
    close(TARGET_FD);
    trace("namespaces entered");
    return 0;
}

static int confine_stage(const struct plan *plan, const struct target *target, bool has_terminal)
{
    struct rootfs rootfs = {.mount_point = -1, .lender = -1};
    rootfs.pivoted = target->namespaces & CLONE_NEWNS;
    rootfs.unprivileged = target->namespaces & CLONE_NEWUSER;
    leave_keyring(plan->id);
    umask(0);
    if (rootfs.unprivileged && become_root(process_keeps_groups()) < 0) return -1;
    owned_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if ((rootfs.root = root) < 0) return failed(STAGE_TARGET, "/");
    if (has_terminal && terminal_make(&rootfs, TERMINAL_FD) < 0) return -1;
    close(TERMINAL_FD);
    return process_confine(plan, &rootfs);
}

/* A filter may pretend that there is no clone3, as Docker's does: there is nothing in its arguments that it can judge. */
static pid_t clone_sibling(void)
{
    struct k_clone_args sibling = {.flags = CLONE_PARENT};
    pid_t pid = k_clone3(&sibling);
    if (pid < 0 && (errno == ENOSYS || errno == EPERM)) pid = k_clone(CLONE_PARENT);
    return pid;
}

/* Joins the container's cgroups. The stage's own place among those that are counted is free again when it ends. */
static int join_counted(enum counting counting)
{
    if (counting == INSIDE && fcntl(TASKS_FD, F_GETFD) >= 0 && write(TASKS_FD, "0", 1) < 0)
        return failed(STAGE_CGROUP, "tasks");
    close(TASKS_FD);
    return 0;
}

static _Noreturn void stage_main(const struct plan *plan, const struct target *target, enum process_role role,
                                 const struct entry_ends *ends, int answer, enum counting counting)
{
    pid_t pid = -1;
    bool has_terminal = ends->terminal >= 0;
    trace_as(TRACE_STAGE);
    prctl(PR_SET_NAME, "skiff-stage");
    reset_signals();
    if (counting == OUTSIDE && tracee_begin() < 0) _exit(EXIT_FULL);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    int tasks = -1, prepared = prepare(plan, target, role, ends, &tasks);
    int places[] = {ends->in, ends->out,     ends->err,      ends->report,
                    answer,   target->pidfd, ends->terminal, tasks};
    place_descriptors(places, PLACES);
    /* Behind those, where nothing closes it: it is this process's attribute, and still the host's /proc. */
    if (prepared == 0) prepared = lsm_prepare(plan);
    if (prepared == 0 && enter(target) == 0 && confine_stage(plan, target, has_terminal) == 0 &&
        join_counted(counting) == 0) {
        forget_caller();
        plan_unmap(plan);
        pid = clone_sibling();
        if (pid == 0) become_process(has_terminal);
        if (pid < 0 && errno == EAGAIN && counting == INSIDE) _exit(EXIT_FULL);
        if (pid < 0) failed(STAGE_SPAWN, "clone");
    }
    if (pid > 0 && write(ANSWER_FD, &pid, sizeof pid) == sizeof pid) _exit(0);
    report_to(REPORT_FD);
    _exit(1);
}

/*
 * Clones the stage. On v2 it is born in the cgroup, which unlike a move waits for nobody; its child cannot be, if a
 * filter hides clone3. Where the cgroup has handed its controllers on to others below it takes no processes (EBUSY);
 * then it is that of the first process.
 */
static pid_t clone_stage(const struct plan *plan, const struct target *target, enum counting counting)
{
    struct k_clone_args args = {.exit_signal = SIGCHLD};
    if (plan->cgroup_v2 == NULL || counting == OUTSIDE) return k_clone3(&args);
    owned_fd cgroup = open(plan->cgroup_v2, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (cgroup < 0) return failed(STAGE_CGROUP, plan->cgroup_v2);
    args.flags = K_CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)cgroup;
    pid_t pid = k_clone3(&args);
    if (pid >= 0 || errno != EBUSY) return pid;
    close_fd(&cgroup);
    cgroup = cgroup_open_member(plan->cgroup_v2, target->pid);
    if (cgroup < 0) return fail_with(EBUSY), failed(STAGE_CGROUP, plan->cgroup_v2);
    args.cgroup = (uint64_t)cgroup;
    return k_clone3(&args);
}

/* The process had the pipe before it closed it; so what was read is believed only of a child of ours. */
static bool is_child(pid_t pid)
{
    siginfo_t info;
    return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static int reap(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* The process's pid. -1: it was noted, or reported, what failed; `full`: nothing was, as there was no room. */
static pid_t enter_counting(const struct plan *plan, const struct target *target, enum process_role role,
                            const struct entry_ends *ends, enum counting counting, bool *full)
{
    int fds[2];
    pid_t pid;
    if (pipe2(fds, O_CLOEXEC) < 0) return failed(STAGE_TARGET, "pipe");
    owned_fd answer = fds[0], theirs = fds[1];
    pid_t stage = clone_stage(plan, target, counting);
    if (stage == 0) stage_main(plan, target, role, ends, theirs, counting);
    close_fd(&theirs);
    *full = stage < 0 && errno == EAGAIN && counting == INSIDE;
    if (stage < 0) return *full ? -1 : failed(STAGE_SPAWN, plan->id);
    if (counting == OUTSIDE && tracee_move(stage, plan, target->pid) < 0) return -1;
    int status = reap(stage);
    if (read(answer, &pid, sizeof pid) == sizeof pid && is_child(pid)) return pid;
    *full = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FULL;
    if (*full && counting == INSIDE) return -1;
    /* It has reported, unless it was killed: by its filter, or by anybody. */
    errno = *full ? EAGAIN : WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? EPERM : ECHILD;
    return failed(errno == ECHILD ? STAGE_TARGET : STAGE_SPAWN, "stage");
}

pid_t enter_container(const struct plan *plan, const struct target *target, enum process_role role,
                      const struct entry_ends *ends)
{
    bool full;
    pid_t pid = enter_counting(plan, target, role, ends, INSIDE, &full);
    return pid < 0 && full ? enter_counting(plan, target, role, ends, OUTSIDE, &full) : pid;
}
