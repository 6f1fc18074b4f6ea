#include "raw_mode.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <termios.h>

static struct termios before;
static volatile sig_atomic_t is_on;

bool raw_mode_enter(void)
{
    if (tcgetattr(0, &before) < 0) return false;
    struct termios raw = before;
    cfmakeraw(&raw);
    is_on = 1;
    if (tcsetattr(0, TCSANOW, &raw) == 0) return true;
    is_on = 0;
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
