/* The verb `attach RUNDIR [HOW]`: joins the streams of a container that runs. */
#include "base/kernel.h"
#include "base/plan.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "client/explain.h"
#include "client/foreground.h"
#include "monitor/cleanup.h"
#include "state/events.h"
#include "state/records.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define EXIT_KILLED 137
#define DEATH_PATIENCE_MS 10000

/* Byte by byte, as frames begin right behind the line. */
static int await_ok(int socket)
{
    char line[32];
    size_t length = 0;
    while (length < sizeof line - 1) {
        ssize_t n = recv(socket, line + length, 1, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) return fail_with(ECONNREFUSED); /* the container has just ended */
        if (line[length++] == '\n') break;
    }
    line[length] = '\0';
    int64_t error;
    if (strcmp(line, "ok\n") == 0) return 0;
    if (strncmp(line, "error ", 6) != 0) return fail_with(EPROTO);
    line[length - 1] = '\0';
    return parse_number(line + 6, 10, &error) < 0 ? fail_with(EPROTO) : fail_with((int)error);
}

static int join(const struct foreground *foreground)
{
    unsigned streams = foreground->options.streams;
    char line[64];
    owned_fd socket = connect_control(foreground->rundir);
    if (socket < 0) return -1;
    int length = snprintf(line, sizeof line, "attach %s%s%s\n", streams & STREAM_IN ? "in," : "",
                          streams & STREAM_OUT ? "out," : "", streams & STREAM_ERR ? "err" : "");
    if (send(socket, line, (size_t)length, MSG_NOSIGNAL) != length || await_ok(socket) < 0) return -1;
    return steal_fd(&socket);
}

/* Waits until the monitor is dead: its connections are closed a moment before its lock on the plan is. */
static void await_death_of_monitor(const struct plan *plan)
{
    struct state_record state;
    owned_fd rundir = open(plan->rundir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (rundir < 0 || read_state(rundir, &state) < 0) return;
    owned_fd monitor = k_pidfd_open(state.monitor.pid);
    if (monitor < 0 || process_start_time(state.monitor.pid) != state.monitor.start_time) return;
    struct pollfd dead = {.fd = monitor, .events = POLLIN};
    poll(&dead, 1, DEATH_PATIENCE_MS);
}

/*
 * Concludes for a monitor that said nothing: somebody else may have written how the container ended; else the monitor
 * was killed, and the container with it.
 */
static int conclude_lost(const struct plan *plan, const char *plan_path)
{
    await_death_of_monitor(plan);
    int code = read_exit_code(plan->exit_record);
    if (code >= 0) return code;
    dprintf(2, "skiff-helper: the monitor of %.12s was killed\n", plan->id);
    if (cleanup(plan_path) < 0) report_noted_failure();
    return EXIT_KILLED;
}

static int conclude(const struct foreground_result *result, const struct plan *plan, const char *plan_path)
{
    switch (result->end) {
    case FOREGROUND_EXITED:
        return explain_end(plan, result->code, result->oom);
    case FOREGROUND_DETACHED:
        if (plan->terminal) say_detached();
        event_append("detach", NULL);
        return 0;
    case FOREGROUND_LEFT:
        return 0;
    case FOREGROUND_HUNG_UP:
        return 128 + SIGHUP;
    default:
        return conclude_lost(plan, plan_path);
    }
}

/*
 * Has the container's program draw its screen: some do so only when its size changes, and a client that comes later has
 * seen nothing of it.
 */
static void ask_for_screen(const struct foreground *foreground)
{
    if (foreground->terminal && foreground->proxy.control >= 0) proxy_send_size(foreground->proxy.control, 1);
}

static int fail(const char *rundir)
{
    failed(STAGE_ATTACH, rundir);
    report_noted_failure();
    return 1;
}

int attach_main(int argc, char **argv)
{
    struct foreground foreground = {.socket = -1, .proxy = {-1, -1}};
    struct foreground_result result;
    struct plan plan;
    char plan_path[PATH_MAX];
    if (argc < 2 || client_options_parse(&foreground.options, argv + 2) < 0) {
        fputs(
            "usage: skiff-helper attach RUNDIR [streams=in,out,err] [keys=HEX] [until=input] [signals=no]\n",
            stderr);
        return EXIT_ENGINE;
    }
    signal(SIGPIPE, SIG_IGN);
    foreground.rundir = argv[1];
    snprintf(plan_path, sizeof plan_path, "%s/plan", argv[1]);
    if (access(plan_path, F_OK) < 0) return fail(argv[1]);
    if (plan_open(&plan, plan_path) < 0) return report_noted_failure(), 1;
    events_open(&plan);
    foreground.terminal = plan.terminal;
    foreground.stdin_open = plan.stdin_open;
    /* As Docker: with a terminal the keyboard's signals are bytes, and others are meant for us. */
    foreground.options.signals &= !plan.terminal;
    foreground.proxy.control = connect_control(argv[1]);
    if (foreground.proxy.control < 0 || (foreground.socket = join(&foreground)) < 0) return fail(argv[1]);
    if (foreground.options.signals) proxy_signals(&foreground.proxy);
    ask_for_screen(&foreground);
    foreground_begin(&foreground);
    foreground_follow(&foreground, &result);
    return conclude(&result, &plan, plan_path);
}
