/*
 * A stage enters the container's namespaces and clones the process from there, as a child of whoever asked for it: who
 * enters a pid namespace is not in it, only what it starts. Once it can be looked at from inside, neither has anything
 * of the host's open, nor can it be traced (CVE-2016-9962).
 */
#include "enter.h"

#include "cgroup.h"
#include "descriptors.h"
#include "idmap.h"
#include "init.h"
#include "kernel.h"
#include "label.h"
#include "limits.h"
#include "report.h"
#include "terminal.h"
#include "trace.h"
#include "util.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* As /proc/PID/ns calls them. */
static const struct {
    const char *name;
    uint64_t flag;
} kinds[] = {
    {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},       {"uts", CLONE_NEWUTS},   {"ipc", CLONE_NEWIPC},
    {"net", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP}, {"user", CLONE_NEWUSER}, {"time", CLONE_NEWTIME},
};

/* Whether another process's namespace is another one. A kernel that does not know the kind has one for all. */
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
    if (find_owner(pid, &owner) < 0) return -1;
    for (int i = 0; i < 3; i++) {
        struct stat stat;
        if (fstat(fds[i], &stat) < 0 || !S_ISFIFO(stat.st_mode)) continue;
        if (fchown(fds[i], owner.uid, owner.gid) < 0) return failed(STAGE_ID_MAP, "streams");
    }
    return 0;
}

/* Where descriptors are beside the standard streams and the report; the last two are the stage's alone. */
enum { PROC_FD = REPORT_FD + 1, TERMINAL_FD, TARGET_FD, ANSWER_FD, PLACES };

static int become(const struct plan *plan, const struct target *target, enum process_role role,
                  bool has_terminal)
{
    struct rootfs rootfs = {.mount_point = -1, .lender = -1};
    rootfs.pivoted = target->namespaces & CLONE_NEWNS;
    rootfs.unprivileged = target->namespaces & CLONE_NEWUSER;
    setsid();
    leave_keyring(plan->id);
    umask(0);
    if (process_prepare(plan, role, PROC_FD) < 0) return -1;
    close(PROC_FD);
    if (rootfs.unprivileged && become_root() < 0) return -1;
    rootfs.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rootfs.root < 0) return failed(STAGE_TARGET, "/");
    if (has_terminal && terminal_make(&rootfs, TERMINAL_FD) < 0) return -1;
    if (has_terminal) close(TERMINAL_FD);
    return process_execute(plan, &rootfs);
}

/* While the host's rights and its /proc are there. */
static int prepare(const struct plan *plan, const struct target *target, const struct entry_ends *ends)
{
    limits_raise(plan);
    if (set_oom_score(plan, "self") < 0 || cgroups_join_v1(plan) < 0) return -1;
    trace("cgroups joined");
    return (target->namespaces & CLONE_NEWUSER) ? give_streams(target->pid, ends) : 0;
}

/*
 * All at once, which is how the kernel lets the rights of before count for each of them, also when the user namespace
 * is among them (setns(2), pidfd). The root of the mount namespace becomes the root.
 */
static int enter(const struct target *target)
{
    if (target->namespaces != 0 && setns(TARGET_FD, (int)target->namespaces) < 0)
        return failed(STAGE_TARGET, "setns");
    close(TARGET_FD);
    return 0;
}

static _Noreturn void stage_main(const struct plan *plan, const struct target *target, enum process_role role,
                                 const struct entry_ends *ends, int answer)
{
    struct k_clone_args sibling = {.flags = CLONE_PARENT};
    pid_t pid = -1;
    trace_as(TRACE_STAGE);
    prctl(PR_SET_NAME, "skiff-stage");
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    reset_signals();
    owned_fd proc = plan_labels(plan) ? open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    int prepared = prepare(plan, target, ends);
    int places[PLACES] = {ends->in, ends->out,      ends->err,     ends->report,
                          proc,     ends->terminal, target->pidfd, answer};
    place_descriptors(places, PLACES);
    steal_fd(&proc);
    if (prepared == 0 && enter(target) == 0) {
        trace("namespaces entered");
        pid = k_clone3(&sibling);
        if (pid < 0) failed(STAGE_CLONE, plan->id);
    }
    if (pid == 0) {
        close(ANSWER_FD);
        become(plan, target, role, ends->terminal >= 0);
    }
    if (pid > 0 && write(ANSWER_FD, &pid, sizeof pid) == sizeof pid) _exit(0);
    report_to(REPORT_FD);
    _exit(1);
}

/* Where the first process is among the cgroups that the container has made below its own. */
static int open_member_cgroup(const char *cgroup, pid_t pid)
{
    char path[64], text[8192], member[8192];
    const char *name = strrchr(cgroup, '/');
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    if (name == NULL || read_text(AT_FDCWD, path, text, sizeof text) < 0) return -1;
    char *at = strstr(text, "0::");
    if (at == NULL || (at = strstr(at, name)) == NULL) return fail_with(ENOENT);
    at += strlen(name);
    at[strcspn(at, "\n")] = '\0';
    if (snprintf(member, sizeof member, "%s%s", cgroup, at) >= (int)sizeof member)
        return fail_with(ENAMETOOLONG);
    return open(member, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/*
 * The stage is born in the cgroup of v2, which unlike a move waits for nobody. Where the cgroup has handed its
 * controllers on to others below it takes no processes (EBUSY); then it is that of the first process.
 */
static pid_t clone_stage(const struct plan *plan, const struct target *target)
{
    struct k_clone_args args = {.exit_signal = SIGCHLD};
    if (plan->cgroup_v2 == NULL) return k_clone3(&args);
    owned_fd cgroup = open(plan->cgroup_v2, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (cgroup < 0) return failed(STAGE_CGROUP, plan->cgroup_v2);
    args.flags = K_CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)cgroup;
    pid_t pid = k_clone3(&args);
    if (pid >= 0 || errno != EBUSY) return pid;
    close_fd(&cgroup);
    cgroup = open_member_cgroup(plan->cgroup_v2, target->pid);
    if (cgroup < 0) return fail_with(EBUSY), failed(STAGE_CGROUP, plan->cgroup_v2);
    args.cgroup = (uint64_t)cgroup;
    return k_clone3(&args);
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

pid_t enter_container(const struct plan *plan, const struct target *target, enum process_role role,
                      const struct entry_ends *ends)
{
    int fds[2];
    pid_t pid;
    if (pipe2(fds, O_CLOEXEC) < 0) return failed(STAGE_TARGET, "pipe");
    owned_fd answer = fds[0], theirs = fds[1];
    pid_t stage = clone_stage(plan, target);
    if (stage == 0) stage_main(plan, target, role, ends, theirs);
    close_fd(&theirs);
    if (stage < 0) return failed(STAGE_CLONE, plan->id);
    reap(stage);
    if (read(answer, &pid, sizeof pid) == sizeof pid) return pid;
    errno = ECHILD; /* it has reported what failed, unless it was killed */
    return failed(STAGE_TARGET, "stage");
}
