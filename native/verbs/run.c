/*
 * The verb `run PLAN attach|detach [name=NAME] [tied=PID] [secret[=FD]] [tell] [HOW]`: starts a monitor, and with `attach` is the foreground of its container.
 */
#include "base/kernel.h"
#include "base/plan.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "base/verbs.h"
#include "client/explain.h"
#include "client/foreground.h"
#include "client/raw_mode.h"
#include "init/terminal.h"
#include "monitor/cleanup.h"
#include "monitor/monitor.h"
#include "state/events.h"
#include "streams/relay.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define EXIT_KILLED 137

/* Where the caller hears that it has started (`tell`). */
#define TELL_FD 3

static struct {
    struct plan plan;
    const char *plan_path;
    const char *name; /* by which the user has called the container; NULL: it is new */
    bool attached, started;
    int secret; /* the descriptor that says the plan, while the file is for whoever cleans up; -1: the file says it */
    pid_t tied; /* the caller, at whose end the container is killed; 0: it goes on without us */
    pid_t monitor;
    struct foreground foreground;
} run;

/* Signals wait while the monitor comes into being: until setsid() it is in our process group and would get them too. */
static int fork_monitor(void)
{
    struct foreground *foreground = &run.foreground;
    sigset_t all, none;
    int sockets[2], signals[2];
    sigfillset(&all);
    sigemptyset(&none);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) return -1;
    if (pipe2(signals, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    sigprocmask(SIG_SETMASK, &all, NULL);
    run.monitor = fork();
    if (run.monitor < 0) return -1;
    if (run.monitor == 0) {
        close(sockets[0]);
        close(signals[1]);
        if (foreground->told != 0) close(foreground->told);
        relay_end_input(run.plan.stdin_once);
        relay_expect(run.attached ? foreground->options.streams : 0);
        monitor_main(&run.plan, sockets[1], signals[0], run.tied > 0);
    }
    close(sockets[1]);
    close(signals[0]);
    foreground->socket = sockets[0];
    foreground->proxy = (struct proxy){.signals = signals[1], .control = -1};
    if (run.attached && foreground->options.signals) proxy_signals(&foreground->proxy);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

static void reap_monitor(void)
{
    while (waitpid(run.monitor, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* The monitor was killed, and with it, by the kernel, the container: nobody else is left to clean up. */
static int replace_monitor(void)
{
    reap_monitor();
    dprintf(2, "skiff-helper: the monitor of %.12s was killed\n", run.plan.id);
    if (cleanup(run.plan_path) < 0) report_noted_failure();
    return run.started ? EXIT_KILLED : EXIT_ENGINE;
}

/* Reaps a monitor that ended, unless it stays to start the container again: then there is still its directory. */
static void reap_ended_monitor(void)
{
    if (access(run.plan.rundir, F_OK) < 0) reap_monitor();
}

static int conclude(const struct foreground_result *result)
{
    switch (result->end) {
    case FOREGROUND_FAILED:
        reap_monitor();
        trace_print();
        return explain(&run.plan, run.name, result->record, result->record_size);
    case FOREGROUND_EXITED:
        reap_ended_monitor();
        trace_print();
        return explain_end(&run.plan, result->code, result->oom);
    case FOREGROUND_LOST:
        return replace_monitor();
    case FOREGROUND_HUNG_UP:
        return 128 + SIGHUP;
    case FOREGROUND_DETACHED:
        events_open(&run.plan);
        event_append("detach", NULL);
        return 0;
    default:
        return 0;
    }
}

static int follow(void)
{
    struct foreground *foreground = &run.foreground;
    struct foreground_result result;
    bool relays_output = run.attached && (foreground->options.streams & (STREAM_OUT | STREAM_ERR));
    foreground->until_started = !relays_output;
    foreground_follow(foreground, &result);
    run.started = foreground->has_started;
    if (result.end != FOREGROUND_STARTED) return conclude(&result);
    trace_print();
    dprintf(1, "%s\n", run.name != NULL ? run.name : run.plan.id);
    if (!run.attached) return 0;
    foreground_begin(foreground);
    foreground_follow(foreground, &result);
    return conclude(&result);
}

/* The terminal has its size before the first byte: the monitor is forked with it. */
static void expect_terminal(void)
{
    struct winsize size = run.foreground.options.size;
    if (!run.plan.terminal) return;
    if (size.ws_row != 0 || (run.attached && read_window_size(&size))) terminal_expect_size(&size);
}

static int parse_tie(const char *pid)
{
    int64_t number;
    if (parse_number(pid, 10, &number) < 0 || number < 1 || number > INT32_MAX) return -1;
    run.tied = (pid_t)number;
    return 0;
}

/* `secret`: standard input says the plan; `secret=FD`: a descriptor of its own, as that one is the container's. */
static int parse_secret(const char *value)
{
    int64_t number = 0;
    if (*value != '\0' &&
        (*value != '=' || parse_number(value + 1, 10, &number) < 0 || number < 3 || number > INT_MAX))
        return -1;
    run.secret = (int)number;
    return 0;
}

static int parse_words(int argc, char **argv)
{
    if (argc < 3 || (strcmp(argv[2], "attach") != 0 && strcmp(argv[2], "detach") != 0)) return -1;
    char **words = argv + 3;
    if (*words != NULL && strncmp(*words, "name=", 5) == 0) run.name = *words++ + 5;
    if (*words != NULL && strncmp(*words, "tied=", 5) == 0 && parse_tie(*words++ + 5) < 0) return -1;
    run.secret = -1;
    if (*words != NULL && strncmp(*words, "secret", 6) == 0 && parse_secret(*words++ + 6) < 0) return -1;
    if (*words != NULL && strcmp(*words, "tell") == 0) words++, run.foreground.told = TELL_FD;
    if (run.foreground.told != 0 && run.secret == TELL_FD) return -1;
    return client_options_parse(&run.foreground.options, words);
}

/* We end with the caller, however that ends; the monitor sees our end. */
static void tie(void)
{
    if (run.tied == 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != run.tied) _exit(EXIT_ENGINE);
}

/* What the caller left open besides is nobody's business from here on. */
static void leave_open(void)
{
    int first = run.foreground.told != 0 ? TELL_FD + 1 : 3;
    if (run.secret > first) k_close_range((unsigned)first, (unsigned)run.secret - 1, 0);
    if (run.secret >= first) first = run.secret + 1;
    k_close_range((unsigned)first, ~0U, 0);
}

int run_main(int argc, char **argv)
{
    struct foreground *foreground = &run.foreground;
    if (parse_words(argc, argv) < 0) {
        fputs("usage: skiff-helper run PLAN attach|detach [name=NAME] [tied=PID] [secret[=FD]] [tell]"
              " [streams=in,out,err] [keys=HEX] [size=ROWS,COLUMNS] [until=input] [signals=no]\n",
              stderr);
        return EXIT_ENGINE;
    }
    tie();
    leave_open();
    if (foreground->told != 0) fcntl(TELL_FD, F_SETFD, FD_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
    run.plan_path = argv[1];
    run.attached = strcmp(argv[2], "attach") == 0;
    if (plan_open(&run.plan, run.plan_path) < 0) return explain_own_failure(&run.plan, run.name);
    if (run.secret >= 0 && plan_replace(&run.plan, run.secret) < 0)
        return explain_own_failure(&run.plan, run.name);
    if (run.secret > 0) close_fd(&run.secret);
    trace("plan read");
    foreground->rundir = run.plan.rundir;
    foreground->terminal = run.plan.terminal;
    foreground->stdin_open = run.plan.stdin_open;
    expect_terminal();
    if (fork_monitor() < 0) {
        failed(STAGE_MONITOR, run.plan.id);
        return explain_own_failure(&run.plan, run.name);
    }
    close_fd(&run.plan.file.fd);
    trace("forked");
    return follow();
}
