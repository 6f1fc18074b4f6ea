#include "state/events.h"

#include "base/util.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

/* A journal of this size is put aside; the one put aside before goes. */
#define JOURNAL_MAX (10 * 1000 * 1000)

static struct {
    const char *path;    /* NULL: no journal */
    const char *members; /* what every event of the container says of it */
    const char *id, *rundir;
    const struct plan *with_volumes; /* NULL: it has none */
} journal;

void events_open(const struct plan *plan)
{
    struct record record = {.end = NULL};
    journal.path = NULL;
    journal.with_volumes = NULL;
    while (plan_next(plan, SECTION_GENERAL, &record)) {
        if (record.op == OP_VOLUME) journal.with_volumes = plan;
        if (record.op != OP_EVENTS) continue;
        journal.path = record.arg[0];
        journal.members = record.arg[1];
        journal.id = plan->id;
        journal.rundir = plan->rundir;
    }
}

static int open_journal(void)
{
    return open(journal.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/*
 * Puts a full journal aside. Of several writers that find it full one renames it; the others see that it is not the one
 * they opened any more.
 */
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

/* The members of a container that was renamed since its plan was written; `iov_base` NULL: there are none. */
static struct iovec map_newer_members(void)
{
    char path[4096];
    struct stat stat;
    struct iovec none = {0};
    if (snprintf(path, sizeof path, "%s/event-attributes", journal.rundir) >= (int)sizeof path) return none;
    owned_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) < 0 || stat.st_size == 0) return none;
    void *text = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    return text == MAP_FAILED ? none : (struct iovec){text, (size_t)stat.st_size};
}

static struct iovec text_part(const char *text)
{
    return (struct iovec){(void *)text, strlen(text)};
}

/* Writes a line with one write, so that lines of several writers are never mixed. */
static void write_line(int fd, const char *head, struct iovec members, const char *more, const char *tail)
{
    const char *comma = members.iov_len > 0 && *more != '\0' ? "," : "";
    struct iovec parts[] = {text_part(head), members, text_part(comma), text_part(more), text_part(tail)};
    while (writev(fd, parts, sizeof parts / sizeof *parts) < 0 && errno == EINTR)
        ;
}

/* The subject of events: its id, and what is told of it always and what this time. */
struct subject {
    const char *type, *id, *more;
    struct iovec members;
};

static void append(const char *action, const struct subject *subject)
{
    char head[512], tail[128];
    struct timespec now;
    struct stat stat;
    clock_gettime(CLOCK_REALTIME, &now);
    owned_fd fd = open_journal();
    if (fd < 0 || fstat(fd, &stat) < 0) return;
    if (stat.st_size >= JOURNAL_MAX && put_aside(&fd) < 0 && fd < 0) return;
    snprintf(head, sizeof head,
             "{\"Type\":\"%s\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%s\",\"Attributes\":{", subject->type,
             action, subject->id);
    snprintf(tail, sizeof tail, "}},\"scope\":\"local\",\"time\":%lld,\"timeNano\":%lld%09ld}\n",
             (long long)now.tv_sec, (long long)now.tv_sec, now.tv_nsec);
    write_line(fd, head, subject->members, subject->more, tail);
}

void event_append(const char *action, const char *format, ...)
{
    char more[512] = "";
    if (journal.path == NULL) return;
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(more, sizeof more, format, arguments);
        va_end(arguments);
    }
    struct iovec newer = map_newer_members();
    struct iovec members = newer.iov_base != NULL ? newer : text_part(journal.members);
    append(action, &(struct subject){"container", journal.id, more, members});
    if (newer.iov_base != NULL) munmap(newer.iov_base, newer.iov_len);
}

void event_append_network(const char *action, const char *network, const char *members)
{
    if (journal.path != NULL) append(action, &(struct subject){"network", network, "", text_part(members)});
}

void event_append_volumes(const char *action, bool mounted)
{
    struct record record = {.end = NULL};
    if (journal.path == NULL || journal.with_volumes == NULL) return;
    while (plan_next(journal.with_volumes, SECTION_GENERAL, &record)) {
        if (record.op != OP_VOLUME) continue;
        struct iovec members = text_part(record.arg[mounted ? 1 : 2]);
        append(action, &(struct subject){"volume", record.arg[0], "", members});
    }
}
