#include "monitor/health_process.h"

#include "base/child.h"
#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "exec/enter.h"
#include "state/cgroup.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The descriptors of the process that stays with a check: standard streams, and the report's end. */
enum { NULL_FD, OUTPUT_FD, ERROR_FD, PLACES = REPORT_FD + 1 };

static _Noreturn void fail(void)
{
    report_to(REPORT_FD);
    _exit(1);
}

/* The check's own, below the container's; empty: it has none. */
static char cgroup[4096];

#define CGROUP_PREFIX "health-"

/* Whom earlier checks had left behind may have ended meanwhile: then theirs go. */
static void make_cgroup(struct plan *plan)
{
    struct record above = plan_find(plan, OP_HEALTH_CGROUP);
    if (above.count == 0) return;
    cgroup_sweep(above.arg[0], CGROUP_PREFIX);
    if (snprintf(cgroup, sizeof cgroup, "%s/%s%d", above.arg[0], CGROUP_PREFIX, getpid()) >=
            (int)sizeof cgroup ||
        mkdir(cgroup, 0755) < 0) {
        cgroup[0] = '\0';
        return;
    }
    cgroups_replace(above.arg[0], cgroup);
    if (plan->cgroup_v2 != NULL && strcmp(plan->cgroup_v2, above.arg[0]) == 0) plan->cgroup_v2 = cgroup;
}

static pid_t enter(const struct plan *plan, const struct health_target *target)
{
    char pid[16], start_time[24];
    struct target container;
    struct entry_ends ends = {NULL_FD, OUTPUT_FD, ERROR_FD, REPORT_FD, -1};
    snprintf(pid, sizeof pid, "%d", target->pid);
    snprintf(start_time, sizeof start_time, "%lld", (long long)target->start_time);
    if (target_open(&container, pid, start_time) < 0) return -1;
    pid_t check = enter_container(plan, &container, HEALTH_PROCESS, &ends);
    close_fd(&container.pidfd);
    return check;
}

/*
 * Ends the process that follows the check. In time, what the check left behind is the container's; else it belongs to
 * the check, and ends with it.
 */
static _Noreturn void end(int status, bool late)
{
    if (cgroup[0] != '\0' && late) cgroup_end(cgroup);
    if (cgroup[0] != '\0' && !late) rmdir(cgroup);
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/*
 * Waits for the check or for a signal: all are blocked, as they are in the monitor, until somebody asks for them.
 * Without a cgroup of its own, at least what is still in the check's process group is killed with it.
 */
static _Noreturn void follow(pid_t check)
{
    sigset_t set;
    int status;
    bool late = false;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    for (;;) {
        if (waitpid(check, &status, WNOHANG) == check) end(status, late);
        if (sigwaitinfo(&set, NULL) != SIGTERM) continue;
        late = true;
        kill(check, SIGKILL);
        kill(-check, SIGKILL);
    }
}

static _Noreturn void health_main(const struct plan *of, const struct health_target *target, int output,
                                  int report)
{
    struct plan plan = *of;
    prctl(PR_SET_NAME, "skiff-health");
    /* The plan's lock, clients, and the container's streams among them: nobody may be kept waiting by this process. */
    int places[PLACES] = {open("/dev/null", O_RDONLY | O_CLOEXEC), output, output, report};
    place_descriptors(places, PLACES);
    die_with_monitor();
    make_cgroup(&plan);
    pid_t check = enter(&plan, target);
    if (check < 0 && cgroup[0] != '\0') cgroup_end(cgroup);
    if (check < 0) fail();
    k_close_range(0, ~0U, 0);
    follow(check);
}

int health_process_start(const struct plan *plan, const struct health_target *target,
                         struct health_process *process)
{
    int output[2] = {-1, -1}, report[2] = {-1, -1};
    *process = (struct health_process){.pid = -1, .pidfd = -1, .output = -1, .report = -1};
    if (pipe2(output, O_CLOEXEC) == 0 && pipe2(report, O_CLOEXEC) == 0) process->pid = fork();
    if (process->pid == 0) health_main(plan, target, output[1], report[1]);
    close_fd(&output[1]);
    close_fd(&report[1]);
    process->output = output[0];
    process->report = report[0];
    if (process->pid > 0) process->pidfd = k_pidfd_open(process->pid);
    if (process->pidfd >= 0 && fcntl(process->output, F_SETFL, O_NONBLOCK) == 0 &&
        fcntl(process->report, F_SETFL, O_NONBLOCK) == 0)
        return 0;
    if (process->pid > 0) {
        kill(process->pid, SIGKILL);
        waitpid(process->pid, NULL, 0);
    }
    health_process_close(process);
    return -1;
}

void health_process_close(struct health_process *process)
{
    close_fd(&process->pidfd);
    close_fd(&process->output);
    close_fd(&process->report);
}
