#include "state/records.h"

#include "base/util.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_file(int dir, const char *path, const char *text, int length)
{
    owned_fd fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? -1 : write_all(fd, text, (size_t)length);
}

/* A line of `key value`, only if there is something to tell. `text` has room for all of them. */
static int line(char *text, const char *key, int64_t value)
{
    return value > 0 ? sprintf(text, "%s %lld\n", key, (long long)value) : 0;
}

static int process_line(char *text, const char *key, const struct process_id *process)
{
    if (process->pid <= 0) return 0;
    return sprintf(text, "%s %d %lld\n", key, process->pid, (long long)process->start_time);
}

int write_state(int rundir, const struct state_record *record)
{
    char text[512], *at = text; /* 6 lines, the longest of at most 88 bytes */
    at += process_line(at, "monitor", &record->monitor);
    at += process_line(at, "init", &record->init);
    at += line(at, "restarting", record->restarting);
    at += sprintf(at, "started %lld\n", (long long)record->started);
    at += line(at, "restarts", record->restarts);
    if (record->restarts > 0)
        at += sprintf(at, "counted %lld %lld %lld %lld\n", (long long)record->counted.oom_kills,
                      (long long)record->counted.throttled_periods, (long long)record->counted.throttled_us,
                      (long long)record->counted.pids_refused);
    if (write_file(rundir, "state.new", text, (int)(at - text)) < 0) return -1;
    return renameat(rundir, "state.new", rundir, "state");
}

/* Returns what stands behind `key ` at the beginning of a line; NULL when there is none. */
static const char *value_of(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
        if (*at == '\n') at++;
        if (strncmp(at, key, length) == 0 && at[length] == ' ') return at + length + 1;
    }
    return NULL;
}

static void read_process(const char *text, const char *key, struct process_id *process)
{
    const char *value = value_of(text, key);
    long long start_time = 0;
    if (value == NULL || sscanf(value, "%d %lld", &process->pid, &start_time) != 2) process->pid = 0;
    process->start_time = start_time;
}

static int64_t read_value(const char *text, const char *key)
{
    const char *value = value_of(text, key);
    return value == NULL ? 0 : strtoll(value, NULL, 10);
}

static void read_counted(const char *text, struct evidence *counted)
{
    const char *value = value_of(text, "counted");
    long long numbers[4] = {0};
    if (value == NULL ||
        sscanf(value, "%lld %lld %lld %lld", &numbers[0], &numbers[1], &numbers[2], &numbers[3]) != 4)
        return;
    counted->oom_kills = numbers[0];
    counted->throttled_periods = numbers[1];
    counted->throttled_us = numbers[2];
    counted->pids_refused = numbers[3];
}

int read_state(int rundir, struct state_record *record)
{
    char text[512];
    if (read_text(rundir, "state", text, sizeof text) < 0) return -1;
    *record = (struct state_record){0};
    read_process(text, "monitor", &record->monitor);
    read_process(text, "init", &record->init);
    record->started = read_value(text, "started");
    record->restarting = read_value(text, "restarting");
    record->restarts = read_value(text, "restarts");
    read_counted(text, &record->counted);
    return record->monitor.pid > 0 ? 0 : fail_with(EPROTO);
}

static int encode_exit(char *text, const struct exit_record *record)
{
    const struct evidence *evidence = &record->evidence;
    const struct signals_sent *sent = &record->sent;
    char *at = text;
    at += sprintf(at, "code %d\n", record->code);
    at += line(at, "signal", record->signal);
    at += sprintf(at, "oom %d\n", evidence->oom_kills > 0);
    at +=
        sprintf(at, "started %lld\nfinished %lld\n", (long long)record->started, (long long)record->finished);
    at += line(at, "restarts", record->restarts);
    at += line(at, "oom-kills", evidence->oom_kills);
    at += line(at, "memory-peak", evidence->memory_peak);
    at += line(at, "memory-limit", evidence->memory_limit);
    if (evidence->throttled_periods > 0)
        at += sprintf(at, "throttled %lld %lld\n", (long long)evidence->throttled_periods,
                      (long long)evidence->throttled_us);
    at += line(at, "pids-refused", evidence->pids_refused);
    if (sent->last != 0) at += sprintf(at, "sent %d %lld\n", sent->last, (long long)sent->at);
    at += line(at, "escalated", sent->escalated);
    at += line(at, "ignored", sent->ignored);
    return (int)(at - text);
}

#define EXIT_MAX 1024 /* 13 lines of at most 64 bytes */

static int name_beside(const char *path, const char *suffix, char beside[PATH_MAX])
{
    return snprintf(beside, PATH_MAX, "%s.%s", path, suffix) < PATH_MAX ? 0 : fail_with(ENAMETOOLONG);
}

void reserve_exit(const char *path)
{
    char reserved[PATH_MAX];
    if (name_beside(path, "reserved", reserved) < 0) return;
    owned_fd fd = open(reserved, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && fallocate(fd, 0, 0, EXIT_MAX) < 0) unlink(reserved);
}

/* Written over the reserved room, if there is some, which is cut to what it takes. */
static int write_draft(const char *path, const char *text, size_t length)
{
    char draft[PATH_MAX], reserved[PATH_MAX];
    if (name_beside(path, "new", draft) < 0 || name_beside(path, "reserved", reserved) < 0) return -1;
    bool has_room = rename(reserved, draft) == 0;
    owned_fd fd = open(draft, O_WRONLY | O_CREAT | (has_room ? 0 : O_TRUNC) | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return -1;
    if (write_all(fd, text, length) == 0 && ftruncate(fd, (off_t)length) == 0) return 0;
    int error = errno;
    unlink(draft);
    return fail_with(error);
}

int draft_exit(const char *path, const struct exit_record *record)
{
    char text[EXIT_MAX];
    int length = encode_exit(text, record);
    return write_draft(path, text, (size_t)length);
}

int publish_exit(const char *path)
{
    char draft[PATH_MAX];
    return name_beside(path, "new", draft) < 0 ? -1 : rename(draft, path);
}

int write_exit(const char *path, const struct exit_record *record)
{
    return draft_exit(path, record) < 0 ? -1 : publish_exit(path);
}

int copy_exit(const char *path, const char *to)
{
    char text[1024];
    if (read_text(AT_FDCWD, path, text, sizeof text) < 0) return -1;
    return write_file(AT_FDCWD, to, text, (int)strlen(text));
}

int read_exit_code(const char *path)
{
    char text[1024];
    int code;
    if (read_text(AT_FDCWD, path, text, sizeof text) < 0 || sscanf(text, "code %d", &code) != 1) return -1;
    return code;
}

int keep_exit(int rundir, const struct exit_record *record)
{
    char text[EXIT_MAX];
    int length = encode_exit(text, record);
    return write_file(rundir, "exit", text, length);
}

int settle_exit(int rundir, const char *path)
{
    char text[EXIT_MAX + 1];
    ssize_t length = read_text(rundir, "exit", text, sizeof text);
    if (length < 0) return -1;
    if (write_draft(path, text, (size_t)length) < 0 || publish_exit(path) < 0) return -1;
    return unlinkat(rundir, "exit", 0);
}
