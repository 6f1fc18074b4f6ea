/*
 * Traces every process that appears in its pid namespace as soon as it does,
 * and tells of each what it was caught with: a line `PID CAPABILITIES FILTER`,
 * the permitted set in hex and the mode of its seccomp. Ends when told to
 * (SIGTERM), with one line `end`. Its own numbers come first.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define AHEAD 6

static volatile sig_atomic_t ended;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static void tell(pid_t pid)
{
    char path[64], line[256], capabilities[32] = "?", filter[8] = "?";
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *status = fopen(path, "r");
    if (status == NULL) return;
    while (fgets(line, sizeof line, status) != NULL) {
        sscanf(line, "CapPrm: %31s", capabilities);
        sscanf(line, "Seccomp: %7s", filter);
    }
    fclose(status);
    printf("%d %s %s\n", pid, capabilities, filter);
}

/* The number that was given last, from which on new ones come. */
static pid_t newest(void)
{
    int pid = 0;
    FILE *file = fopen("/proc/sys/kernel/ns_last_pid", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%d", &pid) != 1) pid = 0;
    fclose(file);
    return pid;
}

static void release(pid_t pid)
{
    int status;
    if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 && waitpid(pid, &status, __WALL) == pid &&
        WIFSTOPPED(status)) {
        tell(pid);
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
    }
}

int main(void)
{
    pid_t last = getpid();
    signal(SIGTERM, end);
    setvbuf(stdout, NULL, _IOLBF, 0);
    tell(last);
    for (unsigned round = 0; !ended; round++) {
        if (round % 1024 == 0 && newest() > last + AHEAD) last = newest();
        for (pid_t pid = last + 1; pid <= last + AHEAD; pid++) {
            if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0) {
                if (errno == EPERM) last = pid; /* it is there, and not ours to trace */
                continue;
            }
            last = pid;
            release(pid);
        }
    }
    puts("end");
    return 0;
}
