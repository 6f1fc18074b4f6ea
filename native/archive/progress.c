#include "archive/progress.h"

#include "base/util.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>

#define INTERVAL_MS 100

static struct {
    bool shown;
    uint64_t entries, bytes, sockets;
    int64_t next_ms;
} progress;

static volatile sig_atomic_t cancelled;

static void cancel(int signal)
{
    (void)signal;
    cancelled = 1;
}

void progress_begin(bool shown)
{
    /* Without SA_RESTART: a read that waits ends, too. */
    const struct sigaction action = {.sa_handler = cancel};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    progress.shown = shown;
}

static int show(void)
{
    if (cancelled) return fail_with(ECANCELED);
    if (!progress.shown) return 0;
    int64_t now = monotonic_ms();
    if (now < progress.next_ms) return 0;
    progress.next_ms = now + INTERVAL_MS;
    dprintf(STDOUT_FILENO, "copying %llu %llu\n", (unsigned long long)progress.entries,
            (unsigned long long)progress.bytes);
    return 0;
}

int progress_entry(void)
{
    progress.entries++;
    return show();
}

int progress_bytes(off_t bytes)
{
    progress.bytes += (uint64_t)bytes;
    return show();
}

void progress_socket(void)
{
    progress.sockets++;
}

void progress_end(const char *left_out)
{
    dprintf(STDOUT_FILENO, "copied %llu %llu\n", (unsigned long long)progress.entries,
            (unsigned long long)progress.bytes);
    if (*left_out != '\0') dprintf(STDOUT_FILENO, "left-out %s\n", left_out);
    if (progress.sockets > 0) dprintf(STDOUT_FILENO, "sockets %llu\n", (unsigned long long)progress.sockets);
}
