#include "log/log_rotate.h"

#include "base/util.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Closed at the other end by the end of the compressing command, which is nobody's child; -1: there is none. */
static int compressing = -1;

/* Fits in the name for as long as anybody writes. */
#define DIGITS 10

static int64_t newest; /* the number given last, should somebody take its file away */

/* The number in the name of a file that was put aside, whatever form it has; false: it is none of these. */
static bool read_number(const char *name, const char *log, int64_t *number)
{
    size_t length = strlen(log);
    if (strncmp(name, log, length) != 0 || name[length] != '.') return false;
    const char *digits = name + length + 1;
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || (digits[count] != '\0' && digits[count] != '.')) return false;
    *number = strtoll(digits, NULL, 10);
    /* An earlier version called the newest one `log.1` and moved all of them on: they come before the first. */
    if (count < DIGITS) *number = 1 - *number;
    return true;
}

/* Deletes the files put aside up to a number; the highest number of the others, 0 when there are none. */
static int64_t forget(const char *path, int64_t last)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX];
    int64_t number, highest = 0;
    if (slash == NULL) return 0;
    snprintf(directory, sizeof directory, "%.*s/", (int)(slash - path), path);
    owned_fd fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    owned_fd scan_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *scan = scan_fd < 0 ? NULL : fdopendir(scan_fd);
    if (scan == NULL) return 0;
    steal_fd(&scan_fd);
    for (struct dirent *entry; (entry = readdir(scan)) != NULL;) {
        if (!read_number(entry->d_name, slash + 1, &number)) continue;
        if (number <= last)
            unlinkat(fd, entry->d_name, 0);
        else if (number > highest)
            highest = number;
    }
    closedir(scan);
    return highest;
}

static void name_aside(char name[PATH_MAX], const char *path, int64_t number)
{
    snprintf(name, PATH_MAX, "%s.%0*lld", path, DIGITS, (long long)number);
}

int put_aside(const char *path, int64_t max_files, int64_t *number)
{
    char aside[PATH_MAX];
    int64_t highest = forget(path, INT64_MIN), next = (highest > newest ? highest : newest) + 1;
    forget(path, next - (max_files - 1));
    name_aside(aside, path, next);
    if (rename(path, aside) < 0) return -1;
    *number = newest = next;
    return 0;
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

void compress_aside(const struct plan *plan, int64_t number)
{
    struct record command = {.end = NULL};
    char file[PATH_MAX];
    int fds[2];
    name_aside(file, plan->log_path, number);
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
