#include "exec/holder.h"

#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "confine/seccomp.h"
#include "exec/enter.h"
#include "init/newborn.h"
#include "init/terminal.h"
#include "state/events.h"
#include "state/monitor_cgroup.h"
#include "streams/frames.h"
#include "streams/leftover.h"
#include "streams/relay.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* epoll's data.u32; those of relay.h come last. */
enum { SOURCE_PROCESS, SOURCE_SIGNALS, SOURCE_CONTROL, SOURCE_RELAY };

static struct {
    const struct plan *plan;
    struct holder_ends client;
    bool detached;
    int epoll;
    pid_t pid;
    int pidfd;
    int in, out, err; /* our ends of its streams; of a terminal `out` is the master */
    int left[2];      /* the pipes among them once more, for whom it may leave behind */
    int64_t started;
    struct target target;
} holder = {.pid = -1, .pidfd = -1, .in = -1, .out = -1, .err = -1, .left = {-1, -1}};

/*
 * Leaves the client's session, terminal, directory and standard streams: whatever happens to it, the process goes on.
 */
static void leave_client(void)
{
    sigset_t all;
    setsid();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_NAME, "skiff-exec");
    if (chdir("/") < 0) return;
    owned_fd null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
}

/*
 * EXECID.state, in one step: who runs, and who holds it. What a killed holder leaves is told from what lives by the
 * start time.
 */
static void write_exec_state(const struct plan *plan)
{
    char path[4096], draft[4096], text[192];
    int length = snprintf(text, sizeof text, "process %d %lld\nstarted %lld\nholder %d %lld\n", holder.pid,
                          (long long)process_start_time(holder.pid), (long long)holder.started, getpid(),
                          (long long)process_start_time(getpid()));
    if (snprintf(path, sizeof path, "%s.state", plan->exit_record) >= (int)sizeof path ||
        snprintf(draft, sizeof draft, "%s.state.new", plan->exit_record) >= (int)sizeof draft)
        return;
    owned_fd fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write_all(fd, text, (size_t)length) < 0 || rename(draft, path) < 0) unlink(draft);
}

/*
 * EXECID.exit, in one step, of a process that was asked for by its id (EXECID.request): who asked comes back to learn how
 * it ended.
 */
static void write_exec_end(uint8_t code)
{
    const char *record = holder.plan->exit_record;
    char path[4096], draft[4096], text[16];
    int length = snprintf(text, sizeof text, "code %u\n", code);
    if (snprintf(path, sizeof path, "%s.request", record) >= (int)sizeof path || access(path, F_OK) < 0)
        return;
    snprintf(path, sizeof path, "%s.exit", record);
    if (snprintf(draft, sizeof draft, "%s.exit.new", record) >= (int)sizeof draft) return;
    owned_fd fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write_all(fd, text, (size_t)length) < 0 || rename(draft, path) < 0) unlink(draft);
}

static void remove_beside_record(const char *suffix)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s%s", holder.plan->exit_record, suffix) < (int)sizeof path)
        unlink(path);
}

static void reap(void)
{
    while (waitpid(holder.pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* The end before the beginning; `record` of size 0: what was noted here. */
static _Noreturn void give_up(const char *record, size_t size)
{
    char own[RECORD_MAX];
    uint8_t header[FRAME_HEADER];
    if (size == 0) {
        size = encode_failure(own);
        record = own;
    }
    remove_beside_record(".plan");
    frame_header(header, FRAME_FAILED, (uint32_t)size);
    if (write_all(holder.client.client, header, sizeof header) == 0)
        write_all(holder.client.client, record, size);
    close_fd(&holder.client.client);
    if (holder.pid > 0) reap(); /* of one that somebody traces, its tracer hears first */
    _exit(1);
}

/* A pipe of which one end is ours, and does not block. */
static int make_pipe(int *ours, int *theirs, bool we_read)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) return -1;
    *ours = fds[!we_read];
    *theirs = fds[we_read];
    return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static int make_streams(struct entry_ends *theirs)
{
    const struct plan *plan = holder.plan;
    int sockets[2];
    bool pipes = !holder.detached && !plan->terminal;
    theirs->in = theirs->out = theirs->err = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (theirs->in < 0) return -1;
    if (pipes &&
        (make_pipe(&holder.out, &theirs->out, true) < 0 || make_pipe(&holder.err, &theirs->err, true) < 0))
        return -1;
    if (pipes && plan->stdin_open && make_pipe(&holder.in, &theirs->in, false) < 0) return -1;
    if (!plan->terminal) return 0;
    /* The master is received here when execve was seen. */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) return -1;
    holder.out = sockets[0];
    theirs->terminal = sockets[1];
    return 0;
}

static void close_theirs(struct entry_ends *theirs)
{
    if (theirs->out != theirs->in) close(theirs->out);
    if (theirs->err != theirs->in) close(theirs->err);
    close_fd(&theirs->in);
    close_fd(&theirs->report);
    close_fd(&theirs->terminal);
}

/* Waits for execve. A failure in the container is reported by who failed: it knows better than who started it. */
static void await_execve(int report)
{
    char record[RECORD_MAX];
    struct newborn newborn = {.pid = holder.pid, .pidfd = holder.pidfd, .report = report};
    ssize_t n = newborn_await(&newborn, record);
    if (n != 0 || holder.pid < 0) give_up(record, n > 0 ? (size_t)n : 0);
    trace("execve seen");
}

static void take_master(void)
{
    owned_fd socket = holder.out;
    if ((holder.out = terminal_receive(socket)) < 0) give_up(NULL, 0);
    if (holder.plan->stdin_open) holder.in = fcntl(holder.out, F_DUPFD_CLOEXEC, 0);
}

static void start(void)
{
    const struct plan *plan = holder.plan;
    struct entry_ends theirs = {.terminal = -1};
    struct target *target = &holder.target;
    int report[2];
    if (seccomp_load(plan) < 0 || target_open(target, plan->target.arg[0], plan->target.arg[1]) < 0)
        give_up(NULL, 0);
    if (make_streams(&theirs) < 0 || pipe2(report, O_CLOEXEC) < 0) {
        failed(STAGE_TARGET, "pipe");
        give_up(NULL, 0);
    }
    theirs.report = report[1];
    holder.pid = enter_container(plan, target, EXEC_PROCESS, &theirs);
    close_theirs(&theirs);
    if (holder.pid > 0) holder.pidfd = k_pidfd_open(holder.pid);
    await_execve(report[0]);
    close(report[0]);
    holder.started = realtime_ms();
    if (plan->terminal) {
        take_master();
        return;
    }
    if (holder.out >= 0) holder.left[0] = fcntl(holder.out, F_DUPFD_CLOEXEC, 0);
    if (holder.err >= 0) holder.left[1] = fcntl(holder.err, F_DUPFD_CLOEXEC, 0);
}

static void watch(int fd, uint32_t source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};
    if (fd >= 0) epoll_ctl(holder.epoll, EPOLL_CTL_ADD, fd, &event);
}

static void forward_signals(void)
{
    uint8_t numbers[16];
    ssize_t n = read(holder.client.signals, numbers, sizeof numbers);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) close_fd(&holder.client.signals);
    for (ssize_t i = 0; i < n; i++)
        k_pidfd_send_signal(holder.pidfd, numbers[i]);
}

/* Lines `resize ROWS COLUMNS`, of which the last one counts. */
static void resize(void)
{
    char text[256], *line, *rest = text;
    unsigned rows, columns;
    ssize_t n = read(holder.client.control, text, sizeof text - 1);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        close_fd(&holder.client.control);
        return;
    }
    text[n] = '\0';
    while ((line = strsep(&rest, "\n")) != NULL)
        if (sscanf(line, "resize %u %u", &rows, &columns) == 2) relay_resize(rows, columns);
}

static void attend(void)
{
    struct epoll_event event;
    for (;;) {
        int count = epoll_wait(holder.epoll, &event, 1, relay_timeout());
        if (count == 0) relay_rest();
        if (count <= 0) continue;
        if (event.data.u32 == SOURCE_PROCESS) return;
        if (event.data.u32 == SOURCE_SIGNALS)
            forward_signals();
        else if (event.data.u32 == SOURCE_CONTROL)
            resize();
        else
            relay_event(event.data.u32 - SOURCE_RELAY, event.events);
    }
}

/*
 * Notes how the process ended, before it is reaped: until then its pid namespace cannot end, so RUN/ID is still there.
 * Returns the exit code.
 */
static uint8_t note_end(void)
{
    const struct plan *plan = holder.plan;
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)holder.pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    int code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    remove_beside_record(".plan");
    write_exec_end((uint8_t)code);
    if (!leftover_stays(holder.left)) remove_beside_record(".state");
    event_append("exec_die", "\"execID\":\"%s\",\"exitCode\":\"%d\"", strrchr(plan->exit_record, '/') + 1,
                 code);
    return (uint8_t)code;
}

/* The client has gone, and is not kept waiting; all that this process still has is what it reads from. */
static void stay_for_those_left(void)
{
    enum { NULL_IN, NULL_OUT, NULL_ERR, LEFT_OUT, LEFT_ERR, CONTAINER, PLACES };
    int places[PLACES] = {0, 1, 2, holder.left[0], holder.left[1], holder.target.pidfd};
    place_descriptors(places, PLACES);
    leftover_drain((int[]){holder.left[0] < 0 ? -1 : LEFT_OUT, holder.left[1] < 0 ? -1 : LEFT_ERR},
                   CONTAINER);
    remove_beside_record(".state");
}

/*
 * What the process makes its holder do counts as the container's. Its start does not wait for that; and after the state
 * was written, so that an update of limits either sees this holder there, or is seen here.
 */
static void share_limits(const struct plan *plan)
{
    monitor_cgroups_look(plan);
    if (monitor_cgroups_join(plan) < 0) forget_failure(); /* the container ends; or we are kept from it */
}

_Noreturn void holder_main(const struct plan *plan, const struct holder_ends *ends, bool detached)
{
    trace_as(TRACE_MONITOR);
    holder.plan = plan;
    holder.client = *ends;
    holder.detached = detached;
    leave_client();
    events_open(plan);
    holder.epoll = epoll_create1(EPOLL_CLOEXEC);
    start();
    write_exec_state(plan);
    share_limits(plan);
    watch(holder.pidfd, SOURCE_PROCESS);
    watch(ends->signals, SOURCE_SIGNALS);
    watch(ends->control, SOURCE_CONTROL);
    fcntl(ends->client, F_SETFL, O_NONBLOCK);
    relay_watch(holder.epoll, SOURCE_RELAY);
    relay_serve(holder.in, holder.out, holder.err, ends->client);
    relay_send(FRAME_STARTED, NULL, 0);
    attend();
    uint8_t code = note_end();
    reap();
    relay_drain();
    relay_send(FRAME_EXIT, &code, sizeof code);
    stay_for_those_left();
    _exit(0);
}
