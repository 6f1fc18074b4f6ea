#include "network/network_user.h"

#include "base/report.h"
#include "base/sealed.h"
#include "base/trace.h"
#include "base/util.h"
#include "network/network.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>

extern char **environ;

static int directory = -1;

static int open_directory(const char *file)
{
    char path[PATH_MAX];
    const char *slash = strrchr(file, '/');
    if (slash == NULL || slash - file >= (long)sizeof path) return fail_with(EINVAL);
    snprintf(path, sizeof path, "%.*s/", (int)(slash - file), file);
    return directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int network_user_join(const char *file)
{
    if (directory >= 0) return 0;
    if (open_directory(file) < 0) return failed(STAGE_LOCK, file);
    while (flock(directory, LOCK_SH) < 0)
        if (errno != EINTR) return failed(STAGE_LOCK, file);
    return 0;
}

static void let_go(void)
{
    /* A child that has not let go of the descriptor yet would keep the lock. */
    flock(directory, LOCK_UN);
    close_fd(&directory);
}

static int perform(const char *file)
{
    owned(network_close) struct network_sockets host = {-1, -1};
    if (access(file, F_OK) < 0) return 0;
    if (network_open(&host) < 0 || network_down(&host, file, LINKS_ARE_DELETED) < 0) return -1;
    trace("last out");
    return 0;
}

/*
 * Takes the lock alone: 1 with it, 0 without, as somebody else is in, or there is nothing left to be in. -1 with a
 * noted failure.
 */
static int is_last(const char *file)
{
    if (directory < 0 && open_directory(file) < 0) return errno == ENOENT ? 0 : failed(STAGE_LOCK, file);
    if (flock(directory, LOCK_EX | LOCK_NB) == 0) return 1;
    let_go();
    return 0;
}

int network_user_leave(const char *file)
{
    int result = is_last(file);
    if (result <= 0) return result;
    result = perform(file);
    let_go();
    return result;
}

/* Starts a process that joins, which waits for us, and leaves at once: its standard input is at its end. */
static bool start_successor(const char *file)
{
    owned_fd program = sealed_copy();
    char *argv[] = {"skiff-helper", "network", (char *)file, "join", NULL};
    volatile bool executes = program >= 0;
    /* The parent goes on when the child has nothing of this program any more. */
    pid_t pid = executes ? vfork() : -1;
    if (pid == 0) {
        syscall(SYS_execveat, program, "", argv, environ, AT_EMPTY_PATH);
        executes = false;
        _exit(127);
    }
    return pid > 0 && executes;
}

int network_user_hand_over(const char *file)
{
    int result = is_last(file);
    if (result <= 0 || access(file, F_OK) < 0) return result < 0 ? -1 : 0;
    trace("last one");
    if (start_successor(file)) return 0;
    result = perform(file);
    let_go();
    return result;
}
