#include "client/raw_mode.h"

#include "base/kernel.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct termios before, raw;
static volatile sig_atomic_t is_on;

/* The process that puts the terminal back when we are killed; it waits for the end of this pipe, or a byte. */
static pid_t guard;
static int guard_pipe = -1;

static bool is_raw(const struct termios *mode)
{
    return mode->c_iflag == raw.c_iflag && mode->c_oflag == raw.c_oflag && mode->c_lflag == raw.c_lflag;
}

/*
 * Waits for the end of the process whose terminal this is. The guard has a session of its own, so that neither the
 * terminal's signals nor those to our group end it, or stop it.
 */
static _Noreturn void guard_main(int pipe)
{
    struct termios now;
    ssize_t n;
    char byte;
    setsid();
    prctl(PR_SET_NAME, "skiff-terminal");
    dup2(pipe, 1);
    k_close_range(2, ~0U, 0);
    while ((n = read(1, &byte, 1)) < 0 && errno == EINTR)
        ;
    /* Whoever has the terminal by now may have made it what it needs. */
    if (n == 0 && tcgetattr(0, &now) == 0 && is_raw(&now)) tcsetattr(0, TCSANOW, &before);
    _exit(0);
}

/* Starts the guard. Without one, as there is no process to be had, only a SIGKILL leaves the terminal raw. */
static void start_guard(void)
{
    sigset_t all, old;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    guard = fork();
    if (guard == 0) guard_main(ends[0]);
    close(ends[0]);
    guard_pipe = ends[1];
    if (guard < 0) close_fd(&guard_pipe);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void dismiss_guard(void)
{
    if (guard_pipe < 0) return;
    ssize_t told = write(guard_pipe, "", 1);
    close_fd(&guard_pipe);
    while (told == 1 && waitpid(guard, NULL, 0) < 0 && errno == EINTR)
        ;
}

bool raw_mode_enter(void)
{
    if (tcgetattr(0, &before) < 0) return false;
    raw = before;
    cfmakeraw(&raw);
    start_guard(); /* first: we may be killed as soon as it is raw */
    is_on = 1;
    if (tcsetattr(0, TCSANOW, &raw) == 0) return true;
    is_on = 0;
    dismiss_guard();
    return false;
}

void raw_mode_leave(void)
{
    if (!is_on) return;
    int saved = errno;
    sigset_t stop, old;
    /* In the background this would stop us, and nobody else puts it back. */
    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    sigprocmask(SIG_BLOCK, &stop, &old);
    is_on = 0;
    tcsetattr(0, TCSANOW, &before);
    dismiss_guard();
    sigprocmask(SIG_SETMASK, &old, NULL);
    errno = saved;
}

bool raw_mode_is_on(void)
{
    return is_on;
}

bool read_window_size(struct winsize *size)
{
    return ioctl(1, TIOCGWINSZ, size) == 0 || ioctl(0, TIOCGWINSZ, size) == 0;
}
