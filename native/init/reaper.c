/*
 * The reaper lives where the container can look at it. So it executes its own program anew: nothing of the host's
 * environment or of the plan is left in its memory, and no descriptor is open, not even the standard streams, whose
 * other ends have to see when the command closed them. The program is the copy that nobody can write (sealed.c).
 */
#include "init/reaper.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* The C library's sets leave out the signals that it uses itself; here they are for the command like any other. */
static const uint64_t all_signals = ~0ULL, no_signals = 0;

static int program = -1;
static int became_reaper[2]; /* a pipe: its end is seen when the reaper has executed itself */

int reaper_prepare(void)
{
    program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    if (program < 0) return failed(STAGE_REAPER, "/proc/self/exe");
    if (pipe2(became_reaper, O_CLOEXEC) < 0) return failed(STAGE_REAPER, "pipe");
    /* In another container's pid namespace orphans would be given to the first process there. */
    if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return failed(STAGE_REAPER, "subreaper");
    return 0;
}

static void block_signals(const uint64_t *set)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, set, NULL, sizeof *set);
}

/*
 * A process group of its own, so that a signal to the command's group is not one to the reaper. Waits until the reaper
 * is one: a command must not have begun if that fails.
 */
static void become_child(void)
{
    char end;
    setpgid(0, 0);
    tcsetpgrp(0, getpid()); /* with a terminal the command is in its foreground; SIGTTOU is blocked */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    block_signals(&no_signals);
    if (close(became_reaper[1]) == 0 && read(became_reaper[0], &end, 1) < 0) return;
}

/* Signals stay blocked over execve, so that those which arrive meanwhile wait to be forwarded. */
static void execute_self(pid_t child)
{
    char pid[16];
    char *args[] = {"skiff-init", "init", pid, NULL}, *env[] = {NULL};
    snprintf(pid, sizeof pid, "%d", child);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    syscall(SYS_execveat, program, "", args, env, AT_EMPTY_PATH);
}

int reaper_fork(void)
{
    block_signals(&all_signals);
    pid_t child = fork();
    if (child == 0) become_child();
    if (child == 0) return 0;
    if (child > 0) execute_self(child);
    int error = errno;
    if (child > 0) kill(child, SIGKILL);
    errno = error;
    return failed(STAGE_REAPER, child > 0 ? "execveat" : "fork");
}

/* Reaps; ends when it is the command that ended. */
static void reap(pid_t command, int options)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, options)) > 0) {
        if (pid == command) _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    }
    if (pid < 0 && errno == ECHILD) _exit(128 + SIGKILL);
}

int reaper_main(int argc, char **argv)
{
    int64_t command;
    if (argc != 2 || parse_number(argv[1], 10, &command) < 0 || command < 2 || command > INT32_MAX) return 1;
    prctl(PR_SET_NAME, "skiff-init");
    for (;;) {
        siginfo_t info;
        long number = syscall(SYS_rt_sigtimedwait, &all_signals, &info, NULL, sizeof all_signals);
        if (number == SIGCHLD)
            reap((pid_t)command, WNOHANG);
        else if (number > 0)
            kill((pid_t)command, (int)number);
        else if (errno != EINTR)
            reap((pid_t)command, 0); /* a filter may forbid to wait for signals; then none are forwarded */
    }
}
