#include "base/descriptors.h"

#include "base/kernel.h"
#include "base/util.h"

#include <string.h>
#include <sys/socket.h>

union descriptor_message {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

int send_descriptor(int socket, int fd)
{
    char byte = 0;
    union descriptor_message control = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    ssize_t n;
    while ((n = sendmsg(socket, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return n < 0 ? -1 : 0;
}

int receive_descriptor(int socket, int *fd)
{
    char byte;
    union descriptor_message control = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n;
    while ((n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    if (n < 0) return -1;
    if (n == 0) return fail_with(ECONNRESET);
    *fd = -1;
    if (message.msg_controllen > 0) memcpy(fd, CMSG_DATA(&control.header), sizeof *fd);
    return 0;
}

void place_descriptors(const int fds[], int count)
{
    int lifted[PLACES_MAX];
    /* First out of the way, as one may stand where another belongs. */
    for (int i = 0; i < count; i++)
        lifted[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, count);
    for (int i = 0; i < count; i++) {
        if (lifted[i] < 0 || dup3(lifted[i], i, i > 2 ? O_CLOEXEC : 0) < 0) close(i);
    }
    k_close_range((unsigned)count, ~0U, 0);
}
