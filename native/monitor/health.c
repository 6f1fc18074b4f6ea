#include "monitor/health.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "monitor/health_process.h"
#include "monitor/sources.h"
#include "monitor/stopping.h"
#include "state/cgroup.h"
#include "state/events.h"
#include "state/health_record.h"
#include "streams/leftover.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

/* The reads of one event: all that a pipe holds by default, sixteen times 4 kB, and what comes meanwhile. */
#define READS_PER_EVENT 32

enum status { STARTING, HEALTHY, UNHEALTHY };

static const char *const status_names[] = {"starting", "healthy", "unhealthy"};

/* The record `health`; times in ms. `asked` false: there is none. */
static struct {
    bool asked;
    int64_t interval, timeout, start_period, start_interval, retries;
    enum { ACT_NONE, ACT_KILL, ACT_RESTART, ACT_STOP } action;
} settings;

static const struct plan *plan;
static int epoll = -1;

static struct {
    enum status status;
    int64_t streak;  /* of failures */
    int64_t started; /* monotonic ms: when the container was */
    int rundir;
    struct health_target target;
    int64_t due; /* monotonic ms: the next check, or when the one under way has taken too long; -1: nothing */
    bool restarts;
} health = {.due = -1};

/* The check that is under way. */
static struct {
    bool running;
    struct health_process process;
    struct health_check result;
    int64_t since;  /* monotonic ms */
    bool late;      /* its time was up */
    bool held_up;   /* as the container was paused: it tells nothing */
    bool truncated; /* it printed more than is kept */
    char output[HEALTH_OUTPUT_MAX + sizeof "..."];
} check;

static int read_action(const char *word)
{
    static const char *const words[] = {"none", "kill", "restart", "stop"};
    for (settings.action = ACT_NONE; settings.action <= ACT_STOP; settings.action++) {
        if (strcmp(words[settings.action], word) == 0) return 0;
    }
    return fail_with(EINVAL);
}

static int read_settings(const struct record *record)
{
    int64_t *numbers[] = {&settings.interval, &settings.timeout, &settings.start_period,
                          &settings.start_interval, &settings.retries};
    for (unsigned i = 0; i < 5; i++) {
        if (parse_number(record->arg[i], 10, numbers[i]) < 0) return -1;
    }
    settings.asked = true;
    return read_action(record->arg[5]);
}

int health_prepare(const struct plan *of, int epoll_fd)
{
    plan = of;
    epoll = epoll_fd;
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op == OP_HEALTH && read_settings(&record) < 0) return failed(STAGE_PLAN, "health");
    }
    return 0;
}

/* Returns the pause between the end of a check, or the start of the container, and the next check. */
static int64_t pause_between(void)
{
    bool in_start_period = monotonic_ms() - health.started < settings.start_period;
    return health.status == STARTING && in_start_period ? settings.start_interval : settings.interval;
}

static void set_status(enum status status)
{
    if (health.status == status) return;
    health.status = status;
    event_append(status == HEALTHY ? "health_status: healthy" : "health_status: unhealthy", NULL);
}

void health_begin(const struct container *container)
{
    if (!settings.asked) return;
    health.status = STARTING;
    health.streak = 0;
    health.started = monotonic_ms();
    health.rundir = container->rundir;
    health.target = (struct health_target){container->pid, process_start_time(container->pid)};
    health.restarts = false;
    health.due = health.started + pause_between();
    health_record_write(health.rundir, status_names[health.status], health.streak);
}

static void watch(int fd, enum source source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Whether a failure counts: in the start period it does not until there was a success. */
static bool counts(void)
{
    return health.status != STARTING || check.since - health.started >= settings.start_period;
}

/* Acts upon a container that just became unhealthy. */
static void act(void)
{
    if (settings.action == ACT_KILL) stopping_send(SIGKILL);
    if (settings.action == ACT_STOP) stopping_begin(plan->stop_signal, plan->stop_timeout_ms);
    if (settings.action == ACT_RESTART) health.restarts = stopping_begin_for_restart() == 0;
}

static void judge(void)
{
    enum status before = health.status;
    if (check.result.code == 0) {
        health.streak = 0;
        set_status(HEALTHY);
    } else if (counts() && ++health.streak >= settings.retries) {
        set_status(UNHEALTHY);
    }
    health_record_add(health.rundir, status_names[health.status], health.streak, &check.result, check.output);
    if (health.status == UNHEALTHY && before != UNHEALTHY) act();
}

/*
 * Takes what is there; what is too much is thrown away, so that the check is never held up. More of it is for the next
 * event: a check that writes without end keeps the monitor from nothing else.
 */
static void take_output(void)
{
    static char excess[4096];
    ssize_t n = 1;
    for (int reads = 0; n > 0 && reads < READS_PER_EVENT && check.process.output >= 0; reads++) {
        size_t room = HEALTH_OUTPUT_MAX - check.result.length;
        n = read(check.process.output, room > 0 ? check.output + check.result.length : excess,
                 room > 0 ? room : sizeof excess);
        if (n > 0 && room > 0) check.result.length += (size_t)n;
        if (n > 0 && room == 0) check.truncated = true;
    }
    if (n == 0) close_fd(&check.process.output);
}

/* A check that could not be started leaves a record; its fields are what it said. */
static void take_report(void)
{
    char record[RECORD_MAX];
    const char *fields[3];
    ssize_t n = read(check.process.report, record, sizeof record);
    if (n <= 0 || decode_failure(record, (size_t)n, fields) < 0) return;
    check.result.code = HEALTH_NOT_STARTED;
    int length = snprintf(check.output, HEALTH_OUTPUT_MAX, "%s %s %s", fields[0], fields[1], fields[2]);
    check.result.length = (size_t)(length < HEALTH_OUTPUT_MAX ? length : HEALTH_OUTPUT_MAX - 1);
    check.truncated = false;
}

/* Epoll knows a descriptor for one source only. */
static int unwatched(int *pipe)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, *pipe, NULL);
    return steal_fd(pipe);
}

static void finish_check(void)
{
    int status = 0;
    while (waitpid(check.process.pid, &status, 0) < 0 && errno == EINTR)
        ;
    take_output();
    check.result.ended = realtime_ms();
    check.result.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (check.late) check.result.code = HEALTH_TIMED_OUT;
    take_report();
    if (check.truncated) {
        memcpy(check.output + check.result.length, "...", 3);
        check.result.length += 3;
    }
    /* Not at its end: the check left somebody behind, who may go on writing. */
    if (check.process.output >= 0) leftover_keep(epoll, SOURCE_LEFTOVER, unwatched(&check.process.output));
    health_process_close(&check.process);
    check.running = false;
    if (!check.held_up) judge();
    health.due = monotonic_ms() + pause_between();
}

static void start_check(void)
{
    check.result = (struct health_check){.started = realtime_ms()};
    check.since = monotonic_ms();
    check.late = check.held_up = check.truncated = false;
    health.due = check.since + settings.timeout;
    /* Without memory for a process there is no answer, which is no answer of the container's. */
    if (health_process_start(plan, &health.target, &check.process) < 0) return;
    check.running = true;
    watch(check.process.output, SOURCE_HEALTH_OUTPUT);
    watch(check.process.pidfd, SOURCE_HEALTH_ENDED);
}

void health_take_output(void)
{
    if (check.running) take_output();
}

void health_end_check(void)
{
    if (check.running) finish_check();
}

int health_timeout(void)
{
    return ms_until(health.due);
}

void health_tick(void)
{
    if (health.due < 0 || monotonic_ms() < health.due) return;
    bool paused = cgroups_frozen(plan);
    if (!check.running && !paused) {
        start_check();
        return;
    }
    if (check.running) {
        k_pidfd_send_signal(check.process.pidfd, SIGTERM);
        check.late = true;
        check.held_up |= paused;
    }
    health.due = monotonic_ms() + settings.interval;
}

void health_end(void)
{
    health.due = -1;
    leftover_close();
    if (!check.running) return;
    k_pidfd_send_signal(check.process.pidfd, SIGKILL);
    while (waitpid(check.process.pid, NULL, 0) < 0 && errno == EINTR)
        ;
    health_process_close(&check.process);
    check.running = false;
}

bool health_restarts(void)
{
    return health.restarts;
}
