/*
 * Runs a command once and prints what it took: wall nanoseconds, user and system microseconds, and the largest
 * resident set in KiB of it and of what it waited for. Its own start is not in the figures.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long microseconds(struct timeval time)
{
    return time.tv_sec * 1000000LL + time.tv_usec;
}

int main(int argc, char **argv)
{
    if (argc < 2) return 2;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int status;
    struct rusage usage;
    long long start = now();
    if (posix_spawnp(&child, argv[1], &actions, NULL, argv + 1, environ) != 0) return 127;
    if (wait4(child, &status, 0, &usage) < 0) return 1;
    long long end = now();
    printf("%lld %lld %lld %ld\n", end - start, microseconds(usage.ru_utime), microseconds(usage.ru_stime),
           usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
