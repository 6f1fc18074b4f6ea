/*
 * Listens for others, as systemd does (sd_listen_fds(3)): `activate PATH PID|- COMMAND...`. When somebody connects it starts
 * the command, which inherits the socket as descriptor 3; LISTEN_PID is its own for `-`. Says `listening`, `started PID`,
 * `ended STATUS`, and so on until it is killed; the socket stays.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (fd != 3 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 128) < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

static pid_t start(const char *listener, char **command)
{
    pid_t child = fork();
    if (child != 0) return child;
    char own[16];
    snprintf(own, sizeof own, "%d", (int)getpid());
    setenv("LISTEN_PID", strcmp(listener, "-") == 0 ? own : listener, 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_FDNAMES", "api", 1);
    execvp(command[0], command);
    _exit(127);
}

int main(int argc, char **argv)
{
    if (argc < 4) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    int listener = listen_at(argv[1]);
    puts("listening");
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    while (poll(&waiting, 1, -1) > 0) {
        int status;
        pid_t child = start(argv[2], argv + 3);
        printf("started %d\n", (int)child);
        waitpid(child, &status, 0);
        printf("ended %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    return 1;
}
