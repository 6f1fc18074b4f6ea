/*
 * The verb `lock FILE`: takes an exclusive flock on FILE, writes `locked\n`, and holds it until standard input ends,
 * which it does whatever way the owner dies.
 */
#include "verbs/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

/*
 * While flock() blocks, the end of standard input arrives as SIGIO, whose default action is to end us: an owner that
 * dies while it waits leaves nobody in the queue.
 */
static int die_with_input(int enable)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    if (flags == -1) return -1;
    if (enable && fcntl(STDIN_FILENO, F_SETOWN, getpid()) == -1) return -1;
    return fcntl(STDIN_FILENO, F_SETFL, enable ? flags | O_ASYNC : flags & ~O_ASYNC);
}

static int input_ended(int timeout)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, timeout) > 0 && input.revents != 0;
}

/* The owner before us removes the file as it lets go: what we then hold is no longer the file that others open. */
static int is_current(int fd, const char *path)
{
    struct stat held, named;
    if (fstat(fd, &held) == -1 || stat(path, &named) == -1) return 0;
    return held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static int acquire(const char *path)
{
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd == -1) return -1;
        int locked;
        while ((locked = flock(fd, LOCK_EX)) == -1 && errno == EINTR)
            ;
        if (locked == 0 && is_current(fd, path)) return fd;
        close_fd(&fd);
        if (locked == -1) return -1;
    }
}

void ignore_terminal(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

int hold_for_owner(void)
{
    static const char word[] = "locked\n";
    if (write_all(STDOUT_FILENO, word, sizeof word - 1) < 0) return -1;
    input_ended(-1);
    return 0;
}

int lock_main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: lock FILE\n", stderr);
        return 2;
    }
    ignore_terminal();
    /* Order matters: an end of input before O_ASYNC raises no signal, so look for it afterwards. */
    if (die_with_input(1) == -1) {
        failed(STAGE_LOCK, "standard input");
        report_noted_failure();
        return 1;
    }
    if (input_ended(0)) return 0;
    owned_fd fd = acquire(argv[1]);
    if (fd == -1 || die_with_input(0) == -1) {
        failed(STAGE_LOCK, argv[1]);
        report_noted_failure();
        return 1;
    }
    if (hold_for_owner() < 0) return 1;
    /* Still held: whoever waits for this file sees that it is gone, and makes a new one. */
    unlink(argv[1]);
    return 0;
}
