/*
 * attached-filter PID: the seccomp program that PID attached last, an array of struct sock_filter
 * (PTRACE_SECCOMP_GET_FILTER of ptrace(2)); nothing when there is none.
 */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

static void must(long result, const char *what)
{
    if (result >= 0)
        return;
    perror(what);
    exit(1);
}

int main(int argc, char **argv)
{
    static struct sock_filter program[BPF_MAXINSNS];
    pid_t pid = argc == 2 ? atoi(argv[1]) : 0;
    must(ptrace(PTRACE_SEIZE, pid, NULL, NULL), "PTRACE_SEIZE");
    must(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), "PTRACE_INTERRUPT");
    must(waitpid(pid, NULL, __WALL), "waitpid");
    long count = 0, length;
    /* Counted from the one that was attached first. */
    for (long index = 0; (length = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, index, program)) >= 0; index++)
        count = length;
    int failed = errno != ENOENT && errno != EINVAL;
    if (failed)
        perror("PTRACE_SECCOMP_GET_FILTER");
    must(ptrace(PTRACE_DETACH, pid, NULL, NULL), "PTRACE_DETACH");
    return failed || fwrite(program, sizeof *program, (size_t)count, stdout) != (size_t)count;
}
