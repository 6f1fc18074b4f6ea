/*
 * Stands in for journald or syslogd: `log-server unixgram|udp|tcp PATH|PORT` prints `ready PORT`, then a line of hex
 * digits for each datagram (or read of a stream); a descriptor that comes with one stands for its content.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static unsigned char bytes[4 << 20];

static void show(ssize_t length)
{
    for (ssize_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
    puts("");
    fflush(stdout);
}

static int listen_at(const char *kind, const char *where)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in network = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof network;
    int is_local = strcmp(kind, "unixgram") == 0;
    int fd = socket(is_local ? AF_UNIX : AF_INET, strcmp(kind, "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM, 0);
    snprintf(local.sun_path, sizeof local.sun_path, "%s", where);
    if (is_local ? bind(fd, (struct sockaddr *)&local, sizeof local) : bind(fd, (struct sockaddr *)&network, sizeof network))
        exit(1);
    if (strcmp(kind, "tcp") == 0) listen(fd, 1);
    getsockname(fd, (struct sockaddr *)&network, &length);
    printf("ready %d\n", is_local ? 0 : ntohs(network.sin_port));
    fflush(stdout);
    return strcmp(kind, "tcp") == 0 ? accept(fd, NULL, NULL) : fd;
}

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    int fd = listen_at(argv[1], argv[2]);
    for (;;) {
        union {
            struct cmsghdr header;
            char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec part = {bytes, sizeof bytes};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.space};
        ssize_t n = recvmsg(fd, &message, 0);
        if (n < 0 || (n == 0 && strcmp(argv[1], "tcp") == 0)) return 0;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        if (header != NULL) {
            int file;
            memcpy(&file, CMSG_DATA(header), sizeof file);
            n = pread(file, bytes, sizeof bytes, 0);
            close(file);
        }
        show(n);
    }
}
