#include "monitor/monitor.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "forwarder/forwarder.h"
#include "log/log.h"
#include "monitor/control.h"
#include "monitor/endpoints.h"
#include "monitor/health.h"
#include "monitor/restart.h"
#include "monitor/sidecars.h"
#include "monitor/sources.h"
#include "monitor/start.h"
#include "monitor/stopping.h"
#include "monitor/teardown.h"
#include "network/network_user.h"
#include "state/cgroup.h"
#include "state/events.h"
#include "state/evidence.h"
#include "state/monitor_cgroup.h"
#include "state/records.h"
#include "streams/frames.h"
#include "streams/leftover.h"
#include "streams/relay.h"

#include <sched.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct {
    const struct plan *plan;
    struct container container;
    int epoll, own_signals, client_signals;
    bool tied;       /* to the client: it ends with it */
    int64_t timeout; /* monotonic ms: when it has run for long enough; -1: never */
    int64_t lasted;  /* ms of the run that ended, by a clock that nobody sets */
    bool end_told;   /* of the last run */
} monitor;

/*
 * Leaves the client's session, terminal, directory and standard streams: whatever happens to it, the container goes on.
 * SIGTERM, which a host sends when it goes down, stops the container; other signals are for nobody.
 */
static int detach(void)
{
    sigset_t all;
    setsid();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_NAME, "skiff-monitor");
    if (chdir("/") < 0) return -1;
    /* For what it executes as well: whoever makes something for others says so. */
    umask(077);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    close(null);
    return 0;
}

static void send_failure(int client)
{
    uint8_t header[FRAME_HEADER];
    char record[RECORD_MAX];
    size_t size = encode_failure(record);
    frame_header(header, FRAME_FAILED, (uint32_t)size);
    if (write_all(client, header, sizeof header) == 0) write_all(client, record, size);
}

/* Leaves the networks. Nobody waits for what the last one takes along. */
static void leave_networks(const struct plan *plan)
{
    if (plan->last_out != NULL && network_user_hand_over(plan->last_out) < 0) trace("bridge left");
}

static _Noreturn void give_up(const struct plan *plan, int client)
{
    owned_fd rundir = open(plan->rundir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (teardown(plan, false) == 0 && rundir >= 0) remove_rundir(plan, rundir);
    leave_networks(plan);
    send_failure(client);
    _exit(1);
}

static void watch(int fd, enum source source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};
    if (fd >= 0) epoll_ctl(monitor.epoll, EPOLL_CTL_ADD, fd, &event);
}

static int watch_own_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Passes on what the client was sent; at the end of the pipe it is gone. */
static void forward_signals(void)
{
    uint8_t numbers[16];
    ssize_t n = read(monitor.client_signals, numbers, sizeof numbers);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) close_fd(&monitor.client_signals);
    if (n <= 0 && monitor.tied) stopping_signal(SIGKILL);
    for (ssize_t i = 0; i < n; i++)
        stopping_signal(numbers[i]);
}

static void take_own_signal(void)
{
    struct signalfd_siginfo info;
    if (read(monitor.own_signals, &info, sizeof info) > 0)
        stopping_begin(monitor.plan->stop_signal, monitor.plan->stop_timeout_ms);
}

static void forwarder_happens(uint32_t number, uint32_t events)
{
    (void)events;
    forwarder_event(number);
}

static void leftover_happens(uint32_t number, uint32_t events)
{
    (void)events;
    leftover_event((int)number);
}

/* The handlers of events, in the order of sources.h. The end of the first process is for attend(). */
static const struct {
    enum source first;
    void (*single)(void);
    void (*numbered)(uint32_t number, uint32_t events); /* for a source that is more than one thing */
} handlers[] = {
    {SOURCE_OWN_SIGNALS, take_own_signal, NULL},
    {SOURCE_CLIENT_SIGNALS, forward_signals, NULL},
    {SOURCE_HEALTH_OUTPUT, health_take_output, NULL},
    {SOURCE_HEALTH_ENDED, health_end_check, NULL},
    {SOURCE_RESOLVER, sidecars_replace_resolver, NULL},
    {SOURCE_FORWARDER, NULL, forwarder_happens},
    {SOURCE_CONTROL_LISTENER, control_accept, NULL},
    {SOURCE_CONTROL, NULL, control_event},
    {SOURCE_RELAY, NULL, relay_event},
    {SOURCE_LEFTOVER, NULL, leftover_happens},
};

static void dispatch(uint32_t source, uint32_t events)
{
    size_t i = sizeof handlers / sizeof *handlers - 1;
    while (i > 0 && source < handlers[i].first)
        i--;
    if (handlers[i].single != NULL)
        handlers[i].single();
    else
        handlers[i].numbered(source - handlers[i].first, events);
}

/* The record `timeout` counts from the first start, pauses between runs included. */
static void stop_in_time(void)
{
    if (monitor.timeout < 0 || monotonic_ms() < monitor.timeout) return;
    monitor.timeout = -1;
    stopping_begin(monitor.plan->stop_signal, monitor.plan->stop_timeout_ms);
}

/* Waits in ms, of which -1 is for ever. */
static int sooner(int one, int other)
{
    if (one < 0 || other < 0) return one < 0 ? other : one;
    return one < other ? one : other;
}

/*
 * Does what is due and, within `patience` ms, one thing that happens; its source, unless it is the end of the first
 * process, is no news. One event at a time: what an event closes cannot be in the same batch again.
 */
static uint32_t serve(int patience)
{
    struct epoll_event event;
    patience =
        sooner(patience, sooner(ms_until(monitor.timeout), sooner(stopping_timeout(), health_timeout())));
    patience = sooner(patience, relay_timeout());
    int count = epoll_wait(monitor.epoll, &event, 1, patience);
    if (count == 0) relay_rest();
    stopping_tick();
    health_tick();
    stop_in_time();
    if (count <= 0) return SOURCE_NONE;
    if (event.data.u32 != SOURCE_INIT) dispatch(event.data.u32, event.events);
    return event.data.u32;
}

static void await_exit(struct exit_record *record)
{
    struct container *container = &monitor.container;
    struct evidence counted;
    int status = 0;
    while (waitpid(container->pid, &status, 0) < 0 && errno == EINTR)
        ;
    monitor.lasted = monotonic_ms() - container->began;
    *record = (struct exit_record){
        .started = container->started, .finished = realtime_ms(), .restarts = restart_count()};
    record->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    record->code = record->signal != 0 ? 128 + record->signal : WEXITSTATUS(status);
    trace("container ended");
    collect_evidence(monitor.plan, &counted);
    record->evidence = evidence_since(&container->counted, &counted);
    record->sent = stopping_sent();
    container->counted = counted;
    trace("evidence collected");
}

/* Tells of the end of a run, once its state says so: who hears of it looks there. */
static void tell_of_end(const struct exit_record *record)
{
    if (monitor.end_told) return;
    monitor.end_told = true;
    if (record->evidence.oom_kills > 0) event_append("oom", NULL);
    event_append("die", "\"exitCode\":\"%d\",\"execDuration\":\"%lld\"", record->code,
                 (long long)(record->finished - record->started) / 1000);
    event_append_volumes("unmount", false);
    if (record->sent.stopped) event_append("stop", NULL);
}

/* Stays with the container until its first process ended and all its output was taken. */
static void attend(struct exit_record *record)
{
    const struct container *container = &monitor.container;
    watch(container->pidfd, SOURCE_INIT);
    while (serve(-1) != SOURCE_INIT)
        ;
    health_end();
    sidecars_end();
    await_exit(record);
    /* What shares a pid namespace outlives its first process, and may write on. */
    if ((monitor.plan->namespaces & CLONE_NEWPID) == 0) cgroups_empty(monitor.plan);
    relay_drain();
    monitor_cgroups_leave(monitor.plan);
    monitor.end_told = false;
}

/* Lets go of all that the run had but its runtime directory. */
static void release(void)
{
    struct container *container = &monitor.container;
    close_fd(&container->pidfd);
    close_fd(&container->mounts);
    close_fd(&monitor.client_signals);
}

/* Drafts the record of the end. Without room on the disk it stays in the runtime directory, and supervision goes on. */
static bool draft_end(const struct exit_record *record)
{
    if (draft_exit(monitor.plan->exit_record, record) == 0) return true;
    keep_exit(monitor.container.rundir, record);
    return false;
}

static void send_exit(const struct exit_record *record)
{
    uint8_t end[FRAME_EXIT_MAX] = {(uint8_t)record->code, record->evidence.oom_kills > 0};
    relay_send(FRAME_EXIT, end, sizeof end);
}

/* Notes the end of a run that is not the last one; whoever waited for its end hears of it. */
static void note_pause(const struct exit_record *record, int64_t delay)
{
    struct state_record state = {
        .monitor = {getpid(), process_start_time(getpid())},
        .started = record->started,
        .restarting = realtime_ms() + delay,
        .restarts = restart_count(),
        .counted = monitor.container.counted,
    };
    bool drafted = draft_end(record);
    /* The state first: who sees an exit record only may take the container's files away. */
    if (write_state(monitor.container.rundir, &state) == 0 && drafted)
        publish_exit(monitor.plan->exit_record);
    tell_of_end(record);
    stopping_follow(0, -1);
    control_announce(record->code);
    send_exit(record);
    relay_hang_up();
}

/* Serves until the pause is over. False: somebody said that the container is not to be started again. */
static bool pause_before_restart(int64_t delay)
{
    int64_t until = monotonic_ms() + delay;
    while (!stopping_is_wanted() && monotonic_ms() < until)
        serve(ms_until(until));
    return !stopping_is_wanted();
}

static bool start_again(void)
{
    struct container *container = &monitor.container;
    close_fd(&container->rundir);
    if (container_start(monitor.plan, container) < 0) return false;
    plan_forget_pages(monitor.plan);
    relay_serve(container->in, container->out, container->err, -1);
    stopping_follow(container->pid, container->pidfd);
    event_append_volumes("mount", true);
    event_append("start", NULL);
    if (health_restarts()) event_append("restart", NULL);
    health_begin(container);
    return true;
}

/* A start that fails is a run that failed at once. */
static void note_failed_start(struct exit_record *record)
{
    struct container *container = &monitor.container;
    int64_t now = realtime_ms();
    monitor.lasted = 0;
    *record = (struct exit_record){
        .code = take_failure_code(), .started = now, .finished = now, .restarts = restart_count()};
    close_fd(&container->in);
    close_fd(&container->out);
    close_fd(&container->err);
    log_close();
    monitor.end_told = false;
}

/* Starts the container again as often as the policy says; true when it runs, false when it stays ended. */
static bool restart(struct exit_record *record)
{
    for (;;) {
        struct ended_run run = {record->code, monitor.lasted, stopping_is_wanted(), health_restarts()};
        int64_t delay = restart_delay(&run);
        if (delay < 0) return false;
        /* Counted from here on, as state says, also when the next start is called off. */
        record->restarts = restart_count();
        release();
        if (endpoints_down(monitor.plan) < 0) return false;
        note_pause(record, delay);
        if (cgroups_empty(monitor.plan) < 0) return false;
        if (!pause_before_restart(delay)) return false;
        if (start_again()) return true;
        note_failed_start(record);
    }
}

static int64_t read_timeout(const struct plan *plan)
{
    int64_t timeout;
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op == OP_TIMEOUT && parse_number(record.arg[0], 10, &timeout) == 0)
            return monotonic_ms() + timeout;
    }
    return -1;
}

/* Prepares what the monitor needs besides the container's own, before anything of the container is there. */
static int prepare(const struct plan *plan, int signals)
{
    monitor.plan = plan;
    monitor.client_signals = signals;
    monitor.timeout = -1;
    monitor.epoll = epoll_create1(EPOLL_CLOEXEC);
    monitor.own_signals = watch_own_signals();
    watch(monitor.own_signals, SOURCE_OWN_SIGNALS);
    watch(signals, SOURCE_CLIENT_SIGNALS);
    relay_watch(monitor.epoll, SOURCE_RELAY);
    events_open(plan);
    stopping_prepare(plan);
    endpoints_begin();
    if (restart_prepare(plan) < 0 || health_prepare(plan, monitor.epoll) < 0) return -1;
    return sidecars_prepare(plan, monitor.epoll);
}

/* The end for good. Nobody hears of it before the mounts are gone: the store may be unmounted right after. */
static void finish(const struct exit_record *record)
{
    struct container *container = &monitor.container;
    /* Without the record (a full disk) the runtime directory stays, with what is to be written when there is room. */
    bool noted = write_exit(monitor.plan->exit_record, record) == 0 || errno == ENOENT;
    if (!noted) keep_exit(container->rundir, record);
    tell_of_end(record);
    if (teardown(monitor.plan, control_keeps_files()) == 0 && noted)
        remove_rundir(monitor.plan, container->rundir);
    close_fd(&container->mounts);
    trace("mounts gone");
    leave_networks(monitor.plan);
    control_close();
    control_announce(record->code);
    control_hang_up();
    trace("gone");
    send_exit(record);
}

_Noreturn void monitor_main(struct plan *plan, int client, int signals, bool tied)
{
    struct container *container = &monitor.container;
    struct exit_record record;
    trace_as(TRACE_MONITOR);
    monitor.tied = tied;
    if (detach() < 0 || plan_lock(plan, false) < 0) {
        failed(STAGE_LOCK, plan->id);
        send_failure(client);
        _exit(1);
    }
    trace("detached");
    if (prepare(plan, signals) < 0 || container_start(plan, container) < 0) give_up(plan, client);
    monitor.timeout = read_timeout(plan);
    plan_forget_pages(plan);
    fcntl(client, F_SETFL, O_NONBLOCK);
    relay_serve(container->in, container->out, container->err, client);
    control_serve(plan, monitor.epoll);
    stopping_follow(container->pid, container->pidfd);
    event_append_volumes("mount", true);
    event_append("start", NULL);
    health_begin(container);
    trace("announced");
    relay_send(FRAME_STARTED, NULL, 0);
    do {
        attend(&record);
    } while (restart(&record));
    finish(&record);
    _exit(0);
}
