#include "events.h"

#include "util.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

/* A journal of this size is put aside; the one put aside before goes. */
#define JOURNAL_MAX (10 * 1000 * 1000)

static struct {
    const char *path;    /* NULL: no journal */
    const char *members; /* what every event of the container says of it */
    const char *id;
} journal;

void events_open(const struct plan *plan)
{
    struct record record = {.end = NULL};
    journal.path = NULL;
    while (plan_next(plan, SECTION_GENERAL, &record)) {
        if (record.op != OP_EVENTS) continue;
        journal.path = record.arg[0];
        journal.members = record.arg[1];
        journal.id = plan->id;
    }
}

static int open_journal(void)
{
    return open(journal.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

/* Of several writers that find it full one renames it; the others see that it is not the one they opened any more. */
static int put_aside(int *fd)
{
    char aside[4096];
    struct stat opened, present;
    if (snprintf(aside, sizeof aside, "%s.1", journal.path) >= (int)sizeof aside) return -1;
    if (flock(*fd, LOCK_EX) < 0 || fstat(*fd, &opened) < 0 || stat(journal.path, &present) < 0) return -1;
    if (opened.st_ino == present.st_ino && rename(journal.path, aside) < 0) return -1;
    close_fd(fd);
    *fd = open_journal();
    return *fd < 0 ? -1 : 0;
}

static struct iovec text_part(const char *text)
{
    return (struct iovec){(void *)text, strlen(text)};
}

/* One write, so that lines of several writers are never mixed. */
static void write_line(int fd, const char *head, const char *more, const char *tail)
{
    const char *comma = *journal.members != '\0' && *more != '\0' ? "," : "";
    struct iovec parts[] = {text_part(head), text_part(journal.members), text_part(comma), text_part(more),
                            text_part(tail)};
    while (writev(fd, parts, sizeof parts / sizeof *parts) < 0 && errno == EINTR)
        ;
}

void event_append(const char *action, const char *format, ...)
{
    char head[256], more[512] = "", tail[128];
    struct timespec now;
    struct stat stat;
    if (journal.path == NULL) return;
    clock_gettime(CLOCK_REALTIME, &now);
    owned_fd fd = open_journal();
    if (fd < 0 || fstat(fd, &stat) < 0) return;
    if (stat.st_size >= JOURNAL_MAX && put_aside(&fd) < 0 && fd < 0) return;
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(more, sizeof more, format, arguments);
        va_end(arguments);
    }
    snprintf(head, sizeof head,
             "{\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\",\"Attributes\":{", action,
             journal.id);
    snprintf(tail, sizeof tail, "}},\"scope\":\"local\",\"time\":%lld,\"timeNano\":%lld%09ld}\n",
             (long long)now.tv_sec, (long long)now.tv_sec, now.tv_nsec);
    write_line(fd, head, more, tail);
}
