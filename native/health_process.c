#include "health_process.h"

#include "descriptors.h"
#include "enter.h"
#include "init.h"
#include "kernel.h"
#include "report.h"
#include "util.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Its own are the pipes' other ends, and where the others are looked for. */
enum { NULL_FD, OUTPUT_FD, ERROR_FD, PLACES = REPORT_FD + 1 };

static _Noreturn void fail(void)
{
    report_to(REPORT_FD);
    _exit(1);
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

/* All signals are blocked, as they are in the monitor: they wait until somebody asks for them. */
static _Noreturn void follow(pid_t check)
{
    sigset_t set;
    int status;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    for (;;) {
        if (waitpid(check, &status, WNOHANG) == check)
            _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        if (sigwaitinfo(&set, NULL) == SIGTERM) kill(check, SIGKILL);
    }
}

static _Noreturn void health_main(const struct plan *plan, const struct health_target *target, int output,
                                  int report)
{
    prctl(PR_SET_NAME, "skiff-health");
    /* The plan's lock, clients, and the container's streams among them: nobody may be kept waiting by this process. */
    int places[PLACES] = {open("/dev/null", O_RDONLY | O_CLOEXEC), output, output, report};
    place_descriptors(places, PLACES);
    die_with_monitor();
    pid_t check = enter(plan, target);
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
