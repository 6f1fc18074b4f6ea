#include "client/proxy.h"

#include "client/raw_mode.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* The number of interruptions after which the user gets the terminal back, as with Docker; the container goes on. */
#define INTERRUPTIONS_MAX 3

static struct proxy target = {-1, -1};

/* Sends a line at once: one short send is one piece in the stream, whoever interrupts whom. */
static void send_line(int control, const char *line, int length)
{
    char answers[64];
    while (recv(control, answers, sizeof answers, MSG_DONTWAIT) > 0)
        ;
    if (length > 0 && send(control, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
}

static void send_signal(int number)
{
    uint8_t byte = (uint8_t)number;
    char line[32];
    if (target.signals < 0)
        send_line(target.control, line, snprintf(line, sizeof line, "signal %d\n", number));
    else if (write(target.signals, &byte, 1) < 0)
        return; /* the monitor is gone, or has more than enough of them */
}

/* Ends this process by the signal's default action, which happens when the handler returns. */
static void die_by(int number)
{
    raw_mode_leave();
    signal(number, SIG_DFL);
    raise(number);
}

static void die(int number)
{
    die_by(number);
}

static void forward(int number, siginfo_t *info, void *context)
{
    static volatile sig_atomic_t interruptions;
    static const char farewell[] = "got 3 SIGTERM/SIGINTs, forcefully exiting\n";
    int saved = errno;
    (void)context;
    bool is_fault = number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
                    number == SIGTRAP || number == SIGSYS;
    if (is_fault && info->si_code > 0) {
        die_by(number); /* our own fault, not a message */
        return;
    }
    send_signal(number);
    if ((number == SIGINT || number == SIGTERM) && ++interruptions == INTERRUPTIONS_MAX) {
        raw_mode_leave();
        if (write(2, farewell, sizeof farewell - 1) < 0) _exit(1);
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

/* Catches signals with SA_RESTART, as the handlers have done everything when they return. */
void proxy_signals(const struct proxy *to)
{
    struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};
    target = *to;
    for (int number = 1; number < NSIG; number++) {
        if (is_forwarded(number)) sigaction(number, &action, NULL);
    }
}

void proxy_guard_terminal(bool forwards)
{
    struct sigaction action = {.sa_handler = die}, old;
    for (int number = 1; number < NSIG; number++) {
        bool ends = is_forwarded(number) && number != SIGCONT;
        if (!ends || (forwards && number != SIGHUP)) continue;
        if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(number, &action, NULL);
    }
}

void proxy_send_size(int control, int more)
{
    struct winsize size;
    char line[32];
    if (!read_window_size(&size)) return;
    send_line(control, line,
              snprintf(line, sizeof line, "resize %d %d\n", size.ws_row + more, size.ws_col + more));
}

static void pass_size_on(int number)
{
    int saved = errno;
    (void)number;
    proxy_send_size(target.control, 0);
    errno = saved;
}

void proxy_window_size(const struct proxy *to)
{
    struct winsize size;
    struct sigaction action = {.sa_handler = pass_size_on, .sa_flags = SA_RESTART};
    target = *to;
    if (to->control < 0 || !read_window_size(&size)) return;
    sigaction(SIGWINCH, &action, NULL);
    proxy_send_size(to->control, 0);
}
