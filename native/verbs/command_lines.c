/*
 * `command-lines PID...`: prints of each process that has arguments `PID ARGUMENTS`, blanks between them, ended by NUL.
 * The kernel keeps the reader waiting while a process changes its memory, which one that forks without end does: whoever
 * asks may kill this verb and take what it has printed by then.
 */
#include "base/util.h"
#include "base/verbs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* How much is shown, as by ps: a process says itself where its arguments end (prctl(2), PR_SET_MM). */
static char text[16 + (128 << 10) + 1];

/* Reads at most `size` bytes of a file that may have no end; 0: nothing, or nobody is there. */
static size_t read_beginning(const char *path, char *to, size_t size)
{
    size_t length = 0;
    ssize_t n = 1;
    owned_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && length < size && (n = read(fd, to + length, size - length)) > 0)
        length += (size_t)n;
    return length;
}

static int print(const char *pid)
{
    char path[64];
    size_t begin = (size_t)snprintf(text, 16, "%s ", pid);
    snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    size_t length = read_beginning(path, text + begin, sizeof text - 16 - 1);
    while (length > 0 && text[begin + length - 1] == '\0')
        length--;
    for (size_t i = 0; i < length; i++) {
        if (text[begin + i] == '\0') text[begin + i] = ' ';
    }
    text[begin + length] = '\0';
    return length == 0 ? 0 : write_all(1, text, begin + length + 1);
}

int command_lines_main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int64_t pid;
        if (parse_number(argv[i], 10, &pid) < 0 || pid < 1 || pid > INT32_MAX) {
            fputs("usage: skiff-helper command-lines PID...\n", stderr);
            return 2;
        }
        if (print(argv[i]) < 0) return 1;
    }
    return 0;
}
