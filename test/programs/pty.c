/*
 * A terminal that a test drives: pty ROWS COLUMNS PROGRAM [ARGUMENT...] runs PROGRAM as the leader of a session on a new
 * pseudo terminal. What appears on the terminal goes to stdout. Lines on stdin are commands:
 *
 *   type HEX         these bytes are typed
 *   size ROWS COLS   the window has changed
 *   mode             answered by `mode raw` or `mode cooked`
 *   hold, go         the screen is not read, is read again
 *   hangup           the terminal goes away; its slave stays open here, so that nobody else does the hanging up
 *
 * Answers go to descriptor 3, at last `exit CODE SHOWN`: 128 + n for a signal, and the number of bytes that went to
 * stdout before, since who reads two pipes cannot tell by their order. The mode may be asked for after that, too. The end
 * of stdin ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

static int master, slave;
static bool held;
static size_t shown;

static void write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) exit(1);
        data += n;
        size -= (size_t)n;
    }
}

static void type(const char *hex)
{
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        char c = (char)byte;
        write_all(master, &c, 1);
    }
}

static void obey(char *line)
{
    struct winsize size = {0};
    struct termios mode;
    if (strncmp(line, "type ", 5) == 0) {
        type(line + 5);
    } else if (sscanf(line, "size %hu %hu", &size.ws_row, &size.ws_col) == 2) {
        ioctl(master, TIOCSWINSZ, &size);
    } else if (strcmp(line, "mode") == 0 && tcgetattr(slave, &mode) == 0) {
        dprintf(3, "mode %s\n", mode.c_lflag & ICANON ? "cooked" : "raw");
    } else if (strcmp(line, "hold") == 0 || strcmp(line, "go") == 0) {
        held = line[0] == 'h';
    } else if (strcmp(line, "hangup") == 0) {
        close(master);
        master = -1;
    }
}

static void read_commands(void)
{
    static char lines[65536];
    static size_t used;
    char *end;
    ssize_t n = read(0, lines + used, sizeof lines - used - 1);
    if (n <= 0) exit(0);
    used += (size_t)n;
    while ((end = memchr(lines, '\n', used)) != NULL) {
        *end = '\0';
        obey(lines);
        used -= (size_t)(end + 1 - lines);
        memmove(lines, end + 1, used);
    }
}

/* What is on the screen; false when there is nothing more. */
static bool show(void)
{
    char screen[65536];
    ssize_t n = read(master, screen, sizeof screen);
    if (n <= 0) return false;
    write_all(1, screen, (size_t)n);
    shown += (size_t)n;
    return true;
}

static int ended = -1;

static void note_end(int number)
{
    int saved = errno;
    (void)number;
    if (write(ended, "", 1) < 0) _exit(1);
    errno = saved;
}

static void announce_end(pid_t child)
{
    int status;
    if (waitpid(child, &status, WNOHANG) != child) return;
    fcntl(master, F_SETFL, O_NONBLOCK);
    while (master >= 0 && !held && show())
        ;
    dprintf(3, "exit %d %zu\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), shown);
}

int main(int argc, char **argv)
{
    struct winsize size = {0};
    int pipes[2];
    if (argc < 4 || pipe(pipes) < 0) return 2;
    size.ws_row = (unsigned short)atoi(argv[1]);
    size.ws_col = (unsigned short)atoi(argv[2]);
    if (openpty(&master, &slave, NULL, NULL, &size) < 0) return 2;
    for (int i = 0; i < 2; i++)
        fcntl(pipes[i], F_SETFD, FD_CLOEXEC);
    fcntl(master, F_SETFD, FD_CLOEXEC);
    ended = pipes[1];
    signal(SIGCHLD, note_end);
    signal(SIGPIPE, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        close(3);
        login_tty(slave);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    for (;;) {
        struct pollfd fds[3] = {{.fd = 0, .events = POLLIN},
                                {.fd = held ? -1 : master, .events = POLLIN},
                                {.fd = pipes[0], .events = POLLIN}};
        if (poll(fds, 3, -1) < 0) continue;
        if (fds[1].revents & POLLIN) show();
        if (fds[2].revents != 0) {
            char byte;
            if (read(pipes[0], &byte, 1) == 1) announce_end(child);
        }
        if (fds[0].revents != 0) read_commands();
    }
}
