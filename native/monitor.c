#include "monitor.h"

#include "control.h"
#include "evidence.h"
#include "frames.h"
#include "kernel.h"
#include "log.h"
#include "records.h"
#include "relay.h"
#include "report.h"
#include "start.h"
#include "teardown.h"
#include "trace.h"
#include "util.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Below RELAY_* (1 to 4) and CONTROL_* (15 and above) of epoll's data.u32. */
enum { SOURCE_INIT = 8, SOURCE_CLIENT_SIGNALS = 9, SOURCE_OWN_SIGNALS = 10 };

int lock_plan(struct plan *plan, bool wait)
{
    /* An open file description of our own: flock belongs to it, and that of the plan is shared with the client. */
    char path[32];
    struct stat stat;
    snprintf(path, sizeof path, "/proc/self/fd/%d", plan->fd);
    owned_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0 || fstat(fd, &stat) < 0) return -1;
    if (stat.st_nlink == 0) return fail_with(ENOENT);
    close(plan->fd);
    plan->fd = steal_fd(&fd);
    return 0;
}

/*
 * Out of the client's session, terminal, directory and standard streams: whatever happens to it, the container goes on.
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
    umask(0);
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

static _Noreturn void give_up(const struct plan *plan, int client)
{
    owned_fd rundir = open(plan->rundir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (teardown(plan) == 0 && rundir >= 0) remove_rundir(plan, rundir);
    send_failure(client);
    _exit(1);
}

static void watch(int epoll, int fd, uint32_t source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};
    if (fd >= 0) epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int watch_own_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Passes on what the client was sent; at the end of the pipe it is gone. */
static void forward_signals(int *signals)
{
    uint8_t numbers[16];
    ssize_t n = read(*signals, numbers, sizeof numbers);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) close_fd(signals);
    for (ssize_t i = 0; i < n; i++)
        control_signal(numbers[i]);
}

/* Until the first process ends. One event at a time: what an event closes cannot be in the same batch again. */
static void serve(const struct plan *plan, const struct container *container, int epoll, int signals)
{
    owned_fd own_signals = watch_own_signals();
    watch(epoll, container->pidfd, SOURCE_INIT);
    watch(epoll, own_signals, SOURCE_OWN_SIGNALS);
    watch(epoll, signals, SOURCE_CLIENT_SIGNALS);
    for (;;) {
        struct epoll_event event;
        int count = epoll_wait(epoll, &event, 1, control_timeout());
        control_tick();
        if (count <= 0) continue;
        uint32_t source = event.data.u32;
        struct signalfd_siginfo info;
        if (source == SOURCE_INIT) break;
        if (source == SOURCE_CLIENT_SIGNALS)
            forward_signals(&signals);
        else if (source == CONTROL_LISTENER)
            control_accept();
        else if (source >= CONTROL_SOURCE)
            control_event(source - CONTROL_SOURCE, event.events);
        else if (source != SOURCE_OWN_SIGNALS)
            relay_event(source, event.events);
        else if (read(own_signals, &info, sizeof info) > 0)
            control_stop(plan->stop_signal, plan->stop_timeout_ms);
    }
    close_fd(&signals);
}

static struct exit_record await_exit(const struct plan *plan, const struct container *container)
{
    int status = 0;
    while (waitpid(container->pid, &status, 0) < 0 && errno == EINTR)
        ;
    struct exit_record record = {.started = container->started, .finished = realtime_ms()};
    record.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    record.code = record.signal != 0 ? 128 + record.signal : WEXITSTATUS(status);
    trace("container ended");
    collect_evidence(plan, &record.evidence);
    record.sent = control_sent();
    trace("evidence collected");
    return record;
}

_Noreturn void monitor_main(struct plan *plan, int client, int signals)
{
    struct container container;
    trace_as(TRACE_MONITOR);
    if (detach() < 0 || lock_plan(plan, false) < 0) {
        failed(STAGE_LOCK, plan->id);
        send_failure(client);
        _exit(1);
    }
    trace("detached");
    if (container_start(plan, &container) < 0) give_up(plan, client);
    plan_forget_pages(plan);
    fcntl(client, F_SETFL, O_NONBLOCK);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    relay_serve(epoll, container.in, container.out, container.err, client);
    control_serve(plan, epoll, container.pidfd);
    trace("announced");
    relay_send(FRAME_STARTED, NULL, 0);
    serve(plan, &container, epoll, signals);
    struct exit_record record = await_exit(plan, &container);
    relay_drain();
    write_exit(plan->exit_record, &record);
    if (teardown(plan) == 0) remove_rundir(plan, container.rundir);
    /* Before anybody hears of the end: the store may be unmounted right after. */
    close_fd(&container.mounts);
    trace("mounts gone");
    control_close();
    control_announce(record.code);
    trace("gone");
    relay_send(FRAME_EXIT, &(uint8_t){(uint8_t)record.code}, 1);
    _exit(0);
}
