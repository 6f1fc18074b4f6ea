#include "monitor/repair.h"

#include "base/child.h"
#include "base/report.h"
#include "base/util.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* The monitor's standard streams are /dev/null; only what the command complains about is of interest. */
static _Noreturn void execute(const struct record *command, int complaints)
{
    const char **args = calloc(command->count + 1, sizeof *args);
    const char *arg = command->arg[0];
    for (unsigned i = 0; args != NULL && i < command->count; i++, arg = next_field(arg))
        args[i] = arg;
    reset_signals();
    dup2(complaints, 2);
    if (args != NULL) execv(args[0], (char **)args);
    dprintf(2, "%s cannot be executed", command->arg[0]);
    _exit(127);
}

/* The beginning of it, without the end of its last line. */
static void read_complaints(int fd, char *text, size_t size)
{
    size_t length = 0;
    char rest[512];
    for (;;) {
        bool full = length + 1 >= size;
        ssize_t n = full ? read(fd, rest, sizeof rest) : read(fd, text + length, size - 1 - length);
        if (n == 0 || (n < 0 && errno != EINTR)) break;
        if (n > 0 && !full) length += (size_t)n;
    }
    while (length > 0 && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
}

int call_back(const struct record *command, enum stage stage)
{
    int fds[2], status;
    char complaints[2048];
    if (pipe2(fds, O_CLOEXEC) < 0) return failed(stage, "pipe");
    owned_fd reader = fds[0];
    pid_t pid = fork();
    if (pid == 0) execute(command, fds[1]);
    close(fds[1]);
    if (pid < 0) return failed(stage, command->arg[0]);
    read_complaints(reader, complaints, sizeof complaints);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    errno = EIO;
    return failed(stage, *complaints != '\0' ? complaints : command->arg[0]);
}

int repair_networks(const struct record *command)
{
    return call_back(command, STAGE_REPAIR);
}
