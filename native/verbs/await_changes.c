/*
 * `await-changes DIRECTORY [NAME]`: writes a byte when it watches DIRECTORY, and one whenever something has changed in it
 * since (with NAME: something of that name), until its standard input ends or nobody reads what it writes. Several
 * changes may be told by one byte, but none goes untold.
 */
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define CHANGES (IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF)

/* A reader that has not read the last byte has not looked since: it needs no other one. */
static int tell(void)
{
    while (write(1, "", 1) < 0)
        if (errno != EINTR) return errno == EAGAIN ? 0 : -1;
    return 0;
}

/* Whether one of the events is of the name; what is about the directory itself, or was lost, is of every name. */
static bool has_name(const char *events, ssize_t length, const char *name)
{
    for (ssize_t at = 0; at < length;) {
        struct inotify_event event;
        memcpy(&event, events + at, sizeof event);
        const char *of = events + at + sizeof event;
        if (name == NULL || event.len == 0 || strcmp(of, name) == 0) return true;
        at += (ssize_t)sizeof event + event.len;
    }
    return false;
}

/* Reads all that there is: it is told by one byte. */
static int read_changes(int changes, const char *name)
{
    char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
    bool changed = false;
    for (;;) {
        ssize_t length = read(changes, events, sizeof events);
        if (length <= 0) break;
        changed |= has_name(events, length, name);
    }
    return changed ? tell() : 0;
}

static int await_changes(const char *directory, const char *name)
{
    owned_fd changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (changes < 0 || inotify_add_watch(changes, directory, CHANGES | IN_ONLYDIR) < 0)
        return failed(STAGE_LOOK, directory);
    if (fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK) < 0 || tell() < 0)
        return failed(STAGE_LOOK, directory);
    struct pollfd ends[] = {{.fd = changes, .events = POLLIN}, {.fd = 0, .events = POLLIN}, {.fd = 1}};
    for (;;) {
        if (poll(ends, 3, -1) < 0 && errno != EINTR) return failed(STAGE_LOOK, directory);
        if (ends[1].revents != 0 || ends[2].revents != 0) return 0;
        if (ends[0].revents != 0 && read_changes(changes, name) < 0) return 0;
    }
}

int await_changes_main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fputs("usage: await-changes DIRECTORY [NAME]\n", stderr);
        return 2;
    }
    if (await_changes(argv[1], argv[2]) == 0) return 0;
    report_noted_failure();
    return 1;
}
