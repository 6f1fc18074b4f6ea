/* The verb `exec PLAN attach|detach [sizes] [HOW]`: one more process in a container that runs, and its foreground. */
#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "base/verbs.h"
#include "client/explain.h"
#include "client/foreground.h"
#include "client/raw_mode.h"
#include "exec/holder.h"
#include "init/terminal.h"
#include "state/events.h"
#include "streams/relay.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* What the caller leaves open when it tells sizes (`sizes`), and hears of the start by. */
#define SIZES_FD 3

static struct {
    struct plan plan;
    bool detached;
    bool sizes; /* descriptor 3 tells the sizes of the terminal */
    struct foreground foreground;
} exec;

/* Signals wait meanwhile: until setsid() the holder is in our process group and would get them too. */
static int fork_holder(void)
{
    struct foreground *foreground = &exec.foreground;
    sigset_t all, none;
    int sockets[2], signals[2], controls[2] = {-1, -1};
    sigfillset(&all);
    sigemptyset(&none);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) return -1;
    if (pipe2(signals, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    if (exec.sizes)
        controls[1] = SIZES_FD;
    else if (exec.plan.terminal && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, controls) < 0)
        return -1;
    sigprocmask(SIG_SETMASK, &all, NULL);
    pid_t holder = fork();
    if (holder < 0) return -1;
    if (holder == 0) {
        close(sockets[0]);
        close(signals[1]);
        close_fd(&controls[0]);
        if (foreground->told != 0) close(foreground->told);
        relay_expect(exec.detached ? 0 : foreground->options.streams);
        holder_main(&exec.plan, &(struct holder_ends){sockets[1], signals[0], controls[1]}, exec.detached);
    }
    close(sockets[1]);
    close(signals[0]);
    close_fd(&controls[1]);
    foreground->socket = sockets[0];
    foreground->proxy = (struct proxy){.signals = signals[1], .control = controls[0]};
    if (!exec.detached && foreground->options.signals) proxy_signals(&foreground->proxy);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

/* Ends for a holder that was killed: nobody can tell any more how the process ended, or whether it has. */
static int lose_holder(void)
{
    dprintf(2, "skiff-helper: who held the process in %.12s was killed\n", exec.plan.id);
    return EXIT_ENGINE;
}

static int follow(void)
{
    struct foreground_result result;
    exec.foreground.until_started = exec.detached;
    foreground_follow(&exec.foreground, &result);
    trace_print();
    switch (result.end) {
    case FOREGROUND_STARTED:
    case FOREGROUND_LEFT:
        return 0;
    case FOREGROUND_EXITED:
        return result.code;
    case FOREGROUND_FAILED:
        return explain(&exec.plan, NULL, result.record, result.record_size);
    case FOREGROUND_DETACHED:
        say_detached();
        events_open(&exec.plan);
        event_append("exec_detach", "\"execID\":\"%s\"", strrchr(exec.plan.exit_record, '/') + 1);
        return 0;
    case FOREGROUND_HUNG_UP:
        return 128 + SIGHUP;
    default:
        return lose_holder();
    }
}

/* The exit status for what does not run, as the face has it that refuses an exec. */
#define EXIT_NOT_RUNNING 1

/*
 * Explains why there is no plan: it lies in RUN/ID, has just been written, and went with the container. There is no
 * command that could explain it.
 */
static int explain_missing_plan(void)
{
    if (!has_failed(STAGE_PLAN, ENOENT)) return explain_own_failure(&exec.plan, NULL);
    fputs("skiff: the container has just ended\n", stderr);
    return EXIT_NOT_RUNNING;
}

static int parse_words(int argc, char **argv)
{
    if (argc < 3 || (strcmp(argv[2], "attach") != 0 && strcmp(argv[2], "detach") != 0)) return -1;
    char **words = argv + 3;
    exec.sizes = *words != NULL && strcmp(*words, "sizes") == 0;
    return client_options_parse(&exec.foreground.options, words + exec.sizes);
}

/* The terminal has its size before the first byte: the holder is forked with it. */
static void expect_terminal(void)
{
    struct winsize size = exec.foreground.options.size;
    if (!exec.plan.terminal) return;
    if (size.ws_row != 0 || (!exec.detached && read_window_size(&size))) terminal_expect_size(&size);
}

int exec_main(int argc, char **argv)
{
    struct foreground *foreground = &exec.foreground;
    if (parse_words(argc, argv) < 0) {
        fputs("usage: skiff-helper exec PLAN attach|detach [sizes] [streams=in,out,err] [keys=HEX]"
              " [size=ROWS,COLUMNS] [until=input] [signals=no]\n",
              stderr);
        return EXIT_ENGINE;
    }
    k_close_range(exec.sizes ? SIZES_FD + 1 : 3, ~0U, 0);
    if (exec.sizes) {
        /* Whoever tells sizes hears that it has started; the descriptor itself is the holder's. */
        fcntl(SIZES_FD, F_SETFD, FD_CLOEXEC);
        foreground->told = fcntl(SIZES_FD, F_DUPFD_CLOEXEC, SIZES_FD + 1);
        if (foreground->told < 0) foreground->told = 0;
    }
    signal(SIGPIPE, SIG_IGN);
    exec.detached = strcmp(argv[2], "detach") == 0;
    if (plan_open(&exec.plan, argv[1]) < 0) return explain_missing_plan();
    if (exec.plan.target.count == 0) {
        errno = EINVAL;
        failed(STAGE_PLAN, "target");
        return explain_own_failure(&exec.plan, NULL);
    }
    trace("plan read");
    foreground->terminal = exec.plan.terminal;
    foreground->stdin_open = exec.plan.stdin_open;
    expect_terminal();
    if (fork_holder() < 0) {
        failed(STAGE_MONITOR, exec.plan.id);
        return explain_own_failure(&exec.plan, NULL);
    }
    close_fd(&exec.plan.file.fd);
    trace("forked");
    return follow();
}
