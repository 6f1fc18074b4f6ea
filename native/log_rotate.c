#include "log_rotate.h"

#include "util.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Closed at the other end by the end of the compressing command, which is nobody's child; -1: there is none. */
static int compressing = -1;

static const char *const forms[] = {"", ".gz"};

static void rename_aside(const char *path, int64_t number)
{
    char from[PATH_MAX], to[PATH_MAX];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        snprintf(from, sizeof from, "%s.%lld%s", path, (long long)number, forms[i]);
        snprintf(to, sizeof to, "%s.%lld%s", path, (long long)number + 1, forms[i]);
        rename(from, to);
    }
}

bool move_aside(const char *path, int64_t max_files)
{
    char oldest[PATH_MAX], first[PATH_MAX];
    if (max_files < 2) return false;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        snprintf(oldest, sizeof oldest, "%s.%lld%s", path, (long long)max_files - 1, forms[i]);
        unlink(oldest);
    }
    for (int64_t number = max_files - 2; number >= 1; number--)
        rename_aside(path, number);
    snprintf(first, sizeof first, "%s.1", path);
    return rename(path, first) == 0;
}

bool is_compressing(void)
{
    char byte;
    if (compressing < 0 || (read(compressing, &byte, 1) < 0 && errno == EAGAIN)) return compressing >= 0;
    close_fd(&compressing);
    return false;
}

/* The command's arguments lie one after another in the plan; the file's path follows them. */
static _Noreturn void execute(const struct record *command, char *file, int alive)
{
    char *argv[16];
    const char *field = command->arg[0];
    unsigned count = 0;
    sigset_t none;
    for (; count < command->count && count < sizeof argv / sizeof *argv - 2;
         count++, field = next_field(field))
        argv[count] = (char *)field;
    argv[count++] = file;
    argv[count] = NULL;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpriority(PRIO_PROCESS, 0, 10);
    fcntl(alive, F_SETFD, 0);
    execv(argv[0], argv);
    _exit(127);
}

void compress_aside(const struct plan *plan, const char *path)
{
    struct record command = {.end = NULL};
    char file[PATH_MAX];
    int fds[2];
    snprintf(file, sizeof file, "%s.1", path);
    while (plan_next(plan, SECTION_GENERAL, &command) && command.op != OP_LOG_COMPRESS)
        ;
    if (command.op != OP_LOG_COMPRESS || pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) return;
    pid_t parent = fork();
    if (parent == 0) {
        /* The one that lives on is the host's child, so that its end is not ours to see. */
        if (fork() == 0) execute(&command, file, fds[1]);
        _exit(0);
    }
    close(fds[1]);
    compressing = fds[0];
    while (parent > 0 && waitpid(parent, NULL, 0) < 0 && errno == EINTR)
        ;
}
