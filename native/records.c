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

int write_exit(const char *path, const struct exit_record *record)
{
    char text[256], temporary[4096];
    int length = snprintf(text, sizeof text, "code %d\n", record->code);
    if (record->signal != 0)
        length += snprintf(text + length, sizeof text - (size_t)length, "signal %d\n", record->signal);
    length += snprintf(text + length, sizeof text - (size_t)length, "oom %d\nstarted %lld\nfinished %lld\n",
                       record->oom, (long long)record->started, (long long)record->finished);
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return fail_with(ENAMETOOLONG);
    return replace_file(AT_FDCWD, temporary, path, text, length);
}

int read_exit_code(const char *path)
{
    char text[256];
    int code;
    if (read_text(AT_FDCWD, path, text, sizeof text) < 0 || sscanf(text, "code %d", &code) != 1) return -1;
    return code;
}
