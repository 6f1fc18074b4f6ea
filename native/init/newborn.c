#include "init/newborn.h"

#include "base/kernel.h"
#include "base/util.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How often one that says nothing is looked at, and how often in a row it has to be found stopped. */
#define LOOK_EVERY_MS 1000
#define STOPPED_LOOKS 5

/* In field 9 of /proc/PID/stat: it was cloned and has not executed anything (PF_FORKNOEXEC of the kernel's sched.h). */
#define HAS_NOT_EXECUTED 0x40U

/* Its state, as in /proc/PID/stat, while it is a copy of us still; 0: it has executed. */
static char look(pid_t pid)
{
    char path[64], stat[1024], state = 0;
    unsigned flags = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (read_text(AT_FDCWD, path, stat, sizeof stat) < 0) return 'X';
    const char *at = strrchr(stat, ')');
    if (at == NULL || sscanf(at, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2) return 'X';
    return flags & HAS_NOT_EXECUTED ? state : 0;
}

/* Whether one of the two has something to say, within `patience` ms. */
static bool is_heard(struct pollfd fds[2], int patience)
{
    int count;
    while ((count = poll(fds, 2, patience)) < 0 && errno == EINTR)
        ;
    return count != 0;
}

static ssize_t take_record(int report, char record[RECORD_MAX])
{
    ssize_t n;
    while ((n = read(report, record, RECORD_MAX)) < 0 && errno == EINTR)
        ;
    return n < 0 ? failed(STAGE_MONITOR, "report") : n;
}

/* Looks at one that has been silent. False: it has executed. */
static bool is_awaited(const struct newborn *newborn, int *stopped)
{
    char state = look(newborn->pid);
    *stopped = state == 'T' || state == 't' ? *stopped + 1 : 0;
    return state != 0;
}

ssize_t newborn_await(const struct newborn *newborn, char record[RECORD_MAX])
{
    struct pollfd fds[2] = {{.fd = newborn->report, .events = POLLIN},
                            {.fd = newborn->pidfd, .events = POLLIN}};
    for (int stopped = 0; newborn->pid > 0 && !is_heard(fds, LOOK_EVERY_MS);) {
        if (!is_awaited(newborn, &stopped)) return 0;
        if (stopped < STOPPED_LOOKS) continue;
        k_pidfd_send_signal(newborn->pidfd, SIGKILL);
        return fail_with(ETIMEDOUT), failed(STAGE_STOPPED, "process");
    }
    /* What it has reported before it ended is there by now. */
    if (fds[0].revents == 0 && poll(fds, 1, 0) <= 0) return 0;
    return take_record(newborn->report, record);
}
