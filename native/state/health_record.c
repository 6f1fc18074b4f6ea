/*
 * The outputs of earlier checks are copied from the file that is replaced: the monitor keeps none of them in its memory.
 */
#include "state/health_record.h"

#include "base/util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>

#define CHECKS_MAX 5

static struct health_check checks[CHECKS_MAX]; /* oldest first */
static unsigned count;

static int copy_output(int from, int to, struct health_check *check, int64_t at)
{
    off_t offset = check->offset;
    for (size_t left = check->length; left > 0;) {
        ssize_t n = sendfile(to, from, &offset, left);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        left -= (size_t)n;
    }
    check->offset = at;
    return 0;
}

/* Writes one check; `output` NULL: it is in the old file. Returns where it ends, -1 with errno. */
static int64_t write_check(int old, int file, struct health_check *check, const char *output, int64_t at)
{
    char head[96];
    int length = snprintf(head, sizeof head, "probe %lld %lld %d %zu\n", (long long)check->started,
                          (long long)check->ended, check->code, check->length);
    if (write_all(file, head, (size_t)length) < 0) return -1;
    at += length;
    if (output == NULL ? copy_output(old, file, check, at) < 0 : write_all(file, output, check->length) < 0)
        return -1;
    check->offset = at;
    if (write_all(file, "\n", 1) < 0) return -1;
    return at + (int64_t)check->length + 1;
}

static int write_file(int old, int file, const char *status, int64_t streak, const char *output)
{
    char head[64];
    int length = snprintf(head, sizeof head, "status %s\nstreak %lld\n", status, (long long)streak);
    int64_t at = length;
    if (write_all(file, head, (size_t)length) < 0) return -1;
    for (unsigned i = 0; i < count && at >= 0; i++)
        at = write_check(old, file, &checks[i], i + 1 == count ? output : NULL, at);
    return at < 0 ? -1 : 0;
}

/*
 * Replaces the record. What cannot be written (a full disk) is forgotten with all that was before it; the next check
 * begins anew.
 */
static void replace(int rundir, const char *status, int64_t streak, const char *output)
{
    owned_fd old = openat(rundir, "health", O_RDONLY | O_CLOEXEC);
    owned_fd file = openat(rundir, "health.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file >= 0 && write_file(old, file, status, streak, output) == 0 &&
        renameat(rundir, "health.new", rundir, "health") == 0)
        return;
    count = 0;
}

void health_record_write(int rundir, const char *status, int64_t streak)
{
    replace(rundir, status, streak, NULL);
}

void health_record_add(int rundir, const char *status, int64_t streak, const struct health_check *check,
                       const char *output)
{
    if (count == CHECKS_MAX) memmove(checks, checks + 1, sizeof *checks * --count);
    checks[count++] = *check;
    replace(rundir, status, streak, output);
}
