#include "records.h"

#include "util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int replace_file(int dir, const char *temporary, const char *path, const char *text, int length)
{
    owned_fd fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 || write_all(fd, text, (size_t)length) < 0) return -1;
    return renameat(dir, temporary, dir, path);
}

int write_state(int rundir, const struct state_record *record)
{
    char text[256];
    int length = snprintf(text, sizeof text, "monitor %d %lld\ninit %d %lld\nstarted %lld\n",
                          record->monitor.pid, (long long)record->monitor.start_time, record->init.pid,
                          (long long)record->init.start_time, (long long)record->started);
    return replace_file(rundir, "state.new", "state", text, length);
}

int read_state(int rundir, struct state_record *record)
{
    char text[256];
    long long monitor_start, init_start, started;
    if (read_text(rundir, "state", text, sizeof text) < 0) return -1;
    if (sscanf(text, "monitor %d %lld\ninit %d %lld\nstarted %lld\n", &record->monitor.pid, &monitor_start,
               &record->init.pid, &init_start, &started) != 5)
        return fail_with(EPROTO);
    record->monitor.start_time = monitor_start;
    record->init.start_time = init_start;
    record->started = started;
    return 0;
}

/* A line of `key value`, only if there is something to tell. `text` has room for all of them. */
static int line(char *text, const char *key, int64_t value)
{
    return value > 0 ? sprintf(text, "%s %lld\n", key, (long long)value) : 0;
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
    at += line(at, "oom-kills", evidence->oom_kills);
    at += line(at, "memory-peak", evidence->memory_peak);
    at += line(at, "memory-limit", evidence->memory_limit);
    if (evidence->throttled_periods > 0)
        at += sprintf(at, "throttled %lld %lld\n", (long long)evidence->throttled_periods,
                      (long long)evidence->throttled_us);
    at += line(at, "pids-refused", evidence->pids_refused);
    if (sent->last != 0) at += sprintf(at, "sent %d %lld\n", sent->last, (long long)sent->at);
    at += line(at, "escalated", sent->escalated);
    return (int)(at - text);
}

int write_exit(const char *path, const struct exit_record *record)
{
    char text[1024], temporary[4096]; /* 12 lines of at most 64 bytes */
    int length = encode_exit(text, record);
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return fail_with(ENAMETOOLONG);
    return replace_file(AT_FDCWD, temporary, path, text, length);
}

int read_exit_code(const char *path)
{
    char text[1024];
    int code;
    if (read_text(AT_FDCWD, path, text, sizeof text) < 0 || sscanf(text, "code %d", &code) != 1) return -1;
    return code;
}
