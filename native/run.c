/*
 * The verb `run PLAN attach|detach`, and with `attach` the foreground of a container: relays stdio and signals and
 * ends with its exit code. It holds nothing that the container needs; killed, it leaves the container running.
 */
#include "cleanup.h"
#include "frames.h"
#include "kernel.h"
#include "monitor.h"
#include "plan.h"
#include "report.h"
#include "trace.h"
#include "util.h"
#include "verbs.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define EXIT_ENGINE 125
#define EXIT_KILLED 137

/* As Docker: whoever insists this often gets the terminal back, and the container goes on. */
#define INTERRUPTIONS_MAX 3

extern char **environ;

struct client {
    struct plan plan;
    const char *plan_path;
    bool attached;
    bool started;
    pid_t monitor;
    int socket;
    int output_error[2]; /* errno of the first failed write */
    bool input_open;
    size_t input_sent, input_held; /* of `input`: what the socket did not take yet */
    char input[65536];
    char payload[65536];
};

static struct client client;

/* Written to by the signal handler. */
static int signal_pipe = -1;

static void forward_signal(int number, siginfo_t *info, void *context)
{
    static volatile sig_atomic_t interruptions;
    static const char farewell[] = "got 3 SIGTERM/SIGINTs, forcefully exiting\n";
    int saved = errno;
    uint8_t byte = (uint8_t)number;
    (void)context;
    bool is_fault = number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
                    number == SIGTRAP || number == SIGSYS;
    if (is_fault && info->si_code > 0) {
        signal(number, SIG_DFL); /* our own fault, not a message: it happens again on return */
        return;
    }
    ssize_t sent = write(signal_pipe, &byte, 1);
    if ((number == SIGINT || number == SIGTERM) && ++interruptions == INTERRUPTIONS_MAX) {
        sent += write(2, farewell, sizeof farewell - 1);
        _exit(1);
    }
    errno = saved;
}

static bool is_forwarded(int number)
{
    switch (number) {
    case SIGKILL:
    case SIGSTOP:
    case SIGCHLD:
    case SIGPIPE:
    case SIGURG:
    case SIGWINCH:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return false;
    default:
        return true;
    }
}

/* With SA_RESTART, as the handler has done everything when it returns. */
static void forward_signals(int pipe)
{
    struct sigaction action = {.sa_sigaction = forward_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    signal_pipe = pipe;
    for (int number = 1; number < NSIG; number++) {
        if (is_forwarded(number)) sigaction(number, &action, NULL);
    }
}

/* Signals wait while the monitor comes into being: until setsid() it is in our process group and would get them too. */
static int fork_monitor(int signals[2])
{
    sigset_t all, none;
    int sockets[2];
    sigfillset(&all);
    sigemptyset(&none);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) return -1;
    if (pipe2(signals, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    sigprocmask(SIG_SETMASK, &all, NULL);
    client.monitor = fork();
    if (client.monitor < 0) return -1;
    if (client.monitor == 0) {
        close(sockets[0]);
        close(signals[1]);
        monitor_main(&client.plan, sockets[1], signals[0]);
    }
    close(sockets[1]);
    close(signals[0]);
    client.socket = sockets[0];
    if (client.attached) forward_signals(signals[1]);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

static void reap_monitor(void)
{
    while (waitpid(client.monitor, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Becomes the command that turns a record into a message; without one, or when it fails, prints the record. */
static int explain(const char *record, size_t size)
{
    const struct record *failure = &client.plan.failure;
    const char *fields[3];
    if (failure->count > 0 && decode_failure(record, size, fields) == 0) {
        const char **args = calloc(failure->count + 4, sizeof *args);
        const char *arg = failure->arg[0];
        for (unsigned i = 0; args != NULL && i < failure->count; i++, arg = next_field(arg))
            args[i] = arg;
        for (unsigned i = 0; args != NULL && i < 3; i++)
            args[failure->count + i] = fields[i];
        signal(SIGPIPE, SIG_DFL);
        if (args != NULL) execve(args[0], (char **)args, environ);
        free(args);
    }
    print_failure(record, size);
    return EXIT_ENGINE;
}

static int explain_own_failure(void)
{
    char record[RECORD_MAX];
    return explain(record, encode_failure(record));
}

/* Reads exactly `size` bytes of a frame; false at the end of the socket. */
static bool receive(void *data, size_t size)
{
    char *at = data;
    while (size > 0) {
        ssize_t n = recv(client.socket, at, size, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

/*
 * As Docker: when the reader of our output has gone we end as SIGPIPE would end us, and the container goes on. What
 * cannot be written for another reason, a full disk, is thrown away until the container ends, which then tells.
 */
static bool relay_output(enum frame_type type, size_t length)
{
    int *error = &client.output_error[type - 1];
    while (length > 0) {
        size_t n = length < sizeof client.payload ? length : sizeof client.payload;
        if (!receive(client.payload, n)) return false;
        if (*error == 0 && write_all(type, client.payload, n) < 0) *error = errno;
        if (*error == EPIPE) _exit(128 + SIGPIPE);
        length -= n;
    }
    return true;
}

/* Output that was lost must not pass for success. */
static int report_lost_output(int code)
{
    static const char *const names[2] = {"output", "error"};
    for (int i = 0; i < 2; i++) {
        if (client.output_error[i] == 0) continue;
        dprintf(2, "skiff: cannot write to standard %s: %s\n", names[i], strerror(client.output_error[i]));
        if (code == 0) code = EXIT_ENGINE;
    }
    return code;
}

static void end_input(void)
{
    client.input_open = false;
    shutdown(client.socket, SHUT_WR);
}

/* Gives the socket what it takes; the rest is held until poll says that there is room. */
static void send_input(void)
{
    while (client.input_sent < client.input_held) {
        ssize_t n = send(client.socket, client.input + client.input_sent,
                         client.input_held - client.input_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) {
            client.input_sent = client.input_held; /* the container closed its stdin */
            end_input();
            return;
        }
        client.input_sent += (size_t)n;
    }
}

static void read_input(void)
{
    ssize_t n = read(0, client.input, sizeof client.input);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
        end_input();
        return;
    }
    client.input_sent = 0;
    client.input_held = (size_t)n;
    send_input();
}

/* Relays input until the monitor says something. */
static void relay_input(void)
{
    while (client.input_open) {
        bool holding = client.input_sent < client.input_held;
        struct pollfd fds[2] = {
            {.fd = client.socket, .events = (short)(POLLIN | (holding ? POLLOUT : 0))},
            {.fd = holding ? -1 : 0, .events = POLLIN},
        };
        if (poll(fds, 2, -1) < 0) continue;
        if (fds[1].revents & POLLNVAL)
            end_input();
        else if (fds[1].revents != 0)
            read_input();
        if (fds[0].revents & POLLOUT) send_input();
        if (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) return;
    }
}

/* The monitor was killed, and with it, by the kernel, the container: nobody else is left to clean up. */
static int replace_monitor(void)
{
    reap_monitor();
    dprintf(2, "skiff-helper: the monitor of %.12s was killed\n", client.plan.id);
    if (cleanup(client.plan_path) < 0) report_noted_failure();
    return client.started ? EXIT_KILLED : EXIT_ENGINE;
}

static int take_failure(size_t length)
{
    char record[RECORD_MAX];
    if (length > sizeof record || !receive(record, length)) return replace_monitor();
    reap_monitor();
    trace_print();
    return explain(record, length);
}

static int take_exit(void)
{
    uint8_t code;
    if (!receive(&code, sizeof code)) return replace_monitor();
    reap_monitor();
    trace("monitor reaped");
    trace_print();
    return report_lost_output(code);
}

/* Frame by frame until one of them ends it; returns the exit code. */
static int follow(void)
{
    for (;;) {
        uint8_t header[FRAME_HEADER];
        relay_input();
        if (!receive(header, sizeof header)) return replace_monitor();
        size_t length = frame_length(header);
        switch (header[0]) {
        case FRAME_STDOUT:
        case FRAME_STDERR:
            if (!relay_output(header[0], length)) return replace_monitor();
            break;
        case FRAME_STARTED:
            client.started = true;
            client.input_open = client.attached && client.plan.stdin_open;
            if (client.attached) break;
            trace_print();
            dprintf(1, "%s\n", client.plan.id);
            return 0;
        case FRAME_FAILED:
            return take_failure(length);
        case FRAME_EXIT:
            return take_exit();
        default:
            return replace_monitor();
        }
    }
}

int run_main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[2], "attach") != 0 && strcmp(argv[2], "detach") != 0)) {
        fputs("usage: skiff-helper run PLAN attach|detach\n", stderr);
        return EXIT_ENGINE;
    }
    /* What the caller left open is nobody's business from here on. */
    k_close_range(3, ~0U, 0);
    signal(SIGPIPE, SIG_IGN);
    client.plan_path = argv[1];
    client.attached = strcmp(argv[2], "attach") == 0;
    int signals[2];
    if (plan_open(&client.plan, client.plan_path) < 0) return explain_own_failure();
    trace("plan read");
    if (fork_monitor(signals) < 0) {
        failed(STAGE_MONITOR, client.plan.id);
        return explain_own_failure();
    }
    close_fd(&client.plan.fd);
    trace("forked");
    return follow();
}
