#include "monitor/cleanup.h"

#include "base/kernel.h"
#include "base/plan.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "monitor/teardown.h"
#include "network/network_user.h"
#include "state/cgroup.h"
#include "state/events.h"
#include "state/evidence.h"
#include "state/monitor_cgroup.h"
#include "state/records.h"

#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>

#define KILL_PATIENCE_MS 10000
#define START_PATIENCE_MS 10000

/* The exit status when the monitor lives: there is nothing to be cleaned up. */
#define EXIT_ATTENDED 3

/* The pid may be another process's by now: first hold on to it, then compare, then kill. */
static void kill_process(const struct plan *plan, const struct process_id *process)
{
    if (process->pid == 0) return; /* it was waiting to be started again */
    owned_fd pidfd = k_pidfd_open(process->pid);
    if (pidfd < 0 || process_start_time(process->pid) != process->start_time) return;
    k_pidfd_send_signal(pidfd, SIGKILL);
    cgroups_thaw(plan);
    struct pollfd dead = {.fd = pidfd, .events = POLLIN};
    poll(&dead, 1, KILL_PATIENCE_MS);
}

/*
 * Ends what is left of the container and notes it. Without a state record the start was not completed: then there is no
 * end to tell of either.
 */
static int end_container(const struct plan *plan, int rundir)
{
    struct state_record state;
    if (read_state(rundir, &state) < 0) return 0;
    kill_process(plan, &state.init);
    if (settle_exit(rundir, plan->exit_record) == 0) return 0;
    if (errno != ENOENT) return failed(STAGE_CLEANUP, plan->exit_record);
    if (read_exit_code(plan->exit_record) >= 0) return 0;
    /* The monitor had told of the end, and was removing the directory. */
    if (faccessat(rundir, "exit", F_OK, 0) == 0) return 0;
    if (state.restarting > 0 && publish_exit(plan->exit_record) == 0) return 0;
    struct exit_record record = {
        .code = 128 + SIGKILL,
        .signal = SIGKILL,
        .started = state.started,
        .finished = realtime_ms(),
        .restarts = state.restarts,
    };
    struct evidence counted;
    collect_evidence(plan, &counted);
    record.evidence = evidence_since(&state.counted, &counted);
    /* The container's directory may be gone already, with --rm. */
    if (write_exit(plan->exit_record, &record) < 0 && errno != ENOENT)
        return failed(STAGE_CLEANUP, plan->exit_record);
    event_append("die", "\"exitCode\":\"%d\",\"execDuration\":\"%lld\"", record.code,
                 (long long)(record.finished - record.started) / 1000);
    event_append_volumes("unmount", false);
    return 0;
}

static bool monitor_lives(const struct state_record *state)
{
    owned_fd pidfd = k_pidfd_open(state->monitor.pid);
    if (pidfd < 0 || process_start_time(state->monitor.pid) != state->monitor.start_time) return false;
    struct pollfd dead = {.fd = pidfd, .events = POLLIN};
    return poll(&dead, 1, 0) == 0;
}

/*
 * A child that the monitor had just forked has the lock, too, until it has closed what is not its own, or noticed that
 * it is alone: that is waited for. So is a start that is under way although whoever asked for it was killed: it writes
 * its record, or takes the plan away.
 */
static int take_lock(struct plan *plan, int rundir)
{
    struct state_record state;
    int64_t until = monotonic_ms() + START_PATIENCE_MS;
    while (plan_lock(plan, false) < 0) {
        if (errno != EWOULDBLOCK) return -1;
        if (read_state(rundir, &state) == 0)
            return monitor_lives(&state) ? fail_with(EBUSY) : plan_lock(plan, true);
        if (monotonic_ms() >= until) return fail_with(EBUSY);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return 0;
}

static int perform(struct plan *plan)
{
    owned_fd rundir = open(plan->rundir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (rundir < 0) return errno == ENOENT ? 0 : failed(STAGE_CLEANUP, plan->rundir);
    /* One clean-up waits for another; with the plan's lock taken nevertheless, it is the monitor that has it. */
    if (flock(rundir, LOCK_EX) < 0) return failed(STAGE_CLEANUP, plan->rundir);
    if (take_lock(plan, rundir) < 0) return errno == ENOENT ? 0 : failed(STAGE_LOCK, plan->id);
    monitor_cgroups_look(plan);
    if (end_container(plan, rundir) < 0 || teardown(plan, false) < 0) return -1;
    if (plan->last_out != NULL && network_user_leave(plan->last_out) < 0) return -1;
    return remove_rundir(plan, rundir) < 0 ? failed(STAGE_CLEANUP, plan->rundir) : 0;
}

int cleanup(const char *plan_path)
{
    struct plan plan;
    if (access(plan_path, F_OK) < 0 && errno == ENOENT) return 0;
    if (plan_open(&plan, plan_path) < 0) return errno == ENOENT ? 0 : -1;
    events_open(&plan);
    int result = perform(&plan);
    close_fd(&plan.file.fd);
    return result;
}

int cleanup_main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: skiff-helper cleanup PLAN\n", stderr);
        return 1;
    }
    if (cleanup(argv[1]) == 0) return 0;
    bool attended = has_failed(STAGE_LOCK, EBUSY);
    report_noted_failure();
    return attended ? EXIT_ATTENDED : 1;
}
