#include "log/log_socket.h"

#include "base/util.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define CONNECT_MS 10000
#define PATIENCE_MS 100
#define LAST_PATIENCE_MS 1000
#define LOOK_AGAIN_MS 1000

static char buffer[65536];

static bool skip(const char **text, const char *prefix)
{
    size_t length = strlen(prefix);
    if (strncmp(*text, prefix, length) != 0) return false;
    *text += length;
    return true;
}

static int set_local(struct log_socket *to, const char *path)
{
    struct sockaddr_un *local = (struct sockaddr_un *)&to->address;
    if (strlen(path) >= sizeof local->sun_path) return fail_with(ENAMETOOLONG);
    local->sun_family = AF_UNIX;
    strcpy(local->sun_path, path);
    to->address_length = sizeof *local;
    return 0;
}

static int set_remote(struct log_socket *to, const char *text)
{
    char host[INET6_ADDRSTRLEN];
    uint64_t port;
    const char *colon = strrchr(text, ':');
    bool six = text[0] == '[';
    if (colon == NULL || colon - text < (six ? 2 : 0) || (size_t)(colon - text) >= sizeof host + 2)
        return fail_with(EINVAL);
    size_t length = (size_t)(colon - text) - (six ? 2 : 0);
    if (length >= sizeof host || parse_unsigned(colon + 1, 10, &port) < 0 || port > UINT16_MAX)
        return fail_with(EINVAL);
    memcpy(host, text + six, length);
    host[length] = '\0';
    struct sockaddr_in *v4 = (struct sockaddr_in *)&to->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&to->address;
    if (six)
        *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    else
        *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to->address_length = six ? sizeof *v6 : sizeof *v4;
    void *number = six ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr;
    return inet_pton(six ? AF_INET6 : AF_INET, host, number) == 1 ? 0 : fail_with(EINVAL);
}

static int set_address(struct log_socket *to, const char *text)
{
    to->type = 0;
    if (skip(&text, "unix://") || text[0] == '/') return set_local(to, text);
    to->type = SOCK_DGRAM;
    if (skip(&text, "unixgram://")) return set_local(to, text);
    if (skip(&text, "udp://")) return set_remote(to, text);
    to->type = SOCK_STREAM;
    return skip(&text, "tcp://") ? set_remote(to, text) : fail_with(EINVAL);
}

static int await_connection(int fd, int timeout_ms)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t length = sizeof error;
    if (poll(&room, 1, timeout_ms) == 0) return fail_with(ETIMEDOUT);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -1;
    return error == 0 ? 0 : fail_with(error);
}

static int connect_as(struct log_socket *to, int type, int timeout_ms)
{
    owned_fd fd = socket(to->address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&to->address, to->address_length) < 0) {
        /* Without a wait it comes about, or fails, while messages are kept. */
        if (errno != EINPROGRESS || (timeout_ms > 0 && await_connection(fd, timeout_ms) < 0)) return -1;
    }
    to->stream = type == SOCK_STREAM;
    to->waiting = 0;
    to->fd = steal_fd(&fd);
    return 0;
}

static int look_for_server(struct log_socket *to, int timeout_ms)
{
    close_fd(&to->fd);
    to->looked_ms = monotonic_ms();
    if (to->type != 0) return connect_as(to, to->type, timeout_ms);
    if (connect_as(to, SOCK_DGRAM, timeout_ms) == 0) return 0;
    return errno == EPROTOTYPE ? connect_as(to, SOCK_STREAM, timeout_ms) : -1;
}

int log_socket_open(struct log_socket *to, const char *address)
{
    to->fd = -1;
    to->stalled = false;
    to->lost = 0;
    return set_address(to, address) < 0 ? -1 : look_for_server(to, CONNECT_MS);
}

static bool find_again(struct log_socket *to)
{
    return monotonic_ms() - to->looked_ms >= LOOK_AGAIN_MS && look_for_server(to, 0) == 0;
}

static bool await_room(struct log_socket *to, int patience_ms)
{
    struct pollfd room = {.fd = to->fd, .events = POLLOUT};
    if (to->stalled) return false;
    to->stalled = poll(&room, 1, patience_ms) == 0;
    return !to->stalled;
}

static int lose(struct log_socket *to)
{
    to->lost++;
    return 0;
}

int log_socket_send_datagram(struct log_socket *to, const struct msghdr *message)
{
    if (to->fd < 0 && !find_again(to)) return lose(to);
    for (int attempt = 0; attempt < 3; attempt++) {
        if (sendmsg(to->fd, message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
            to->stalled = false;
            return 0;
        }
        if (errno == EMSGSIZE) return -1;
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == ENOBUFS) {
            if (!await_room(to, PATIENCE_MS)) break;
        } else if (to->address.ss_family == AF_UNIX && !find_again(to)) {
            /* Of a network it may be what a router said of an earlier one. */
            break;
        }
    }
    return lose(to);
}

/* Gives the kernel what it takes of what waits. */
static void push(struct log_socket *to)
{
    while (to->waiting > 0) {
        ssize_t n = send(to->fd, buffer, to->waiting, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) {
            close_fd(&to->fd);
            to->waiting = 0;
            to->lost++;
            return;
        }
        to->waiting -= (size_t)n;
        memmove(buffer, buffer + n, to->waiting);
        to->stalled = false;
    }
}

static int send_stream(struct log_socket *to, const struct iovec *parts, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += parts[i].iov_len;
    push(to);
    while (to->fd >= 0 && sizeof buffer - to->waiting < length && await_room(to, PATIENCE_MS))
        push(to);
    if (to->fd < 0 && !find_again(to)) return lose(to);
    if (sizeof buffer - to->waiting < length) return lose(to);
    for (size_t i = 0; i < count; i++) {
        memcpy(buffer + to->waiting, parts[i].iov_base, parts[i].iov_len);
        to->waiting += parts[i].iov_len;
    }
    push(to);
    return 0;
}

int log_socket_send(struct log_socket *to, const struct iovec *parts, size_t count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = count};
    return to->stream ? send_stream(to, parts, count) : log_socket_send_datagram(to, &message);
}

bool log_socket_note_lost(struct log_socket *to, const struct log_entry *sent, struct lost_note *note)
{
    if (to->lost == 0 || to->fd < 0 || to->stalled) return false;
    int length = snprintf(note->text, sizeof note->text, "skiff: %llu log entries before this one were lost",
                          (unsigned long long)to->lost);
    to->lost = 0;
    note->entry = (struct log_entry){
        .stream = 2, .text = note->text, .length = (size_t)length, .complete = true, .time = sent->time};
    return true;
}

void log_socket_close(struct log_socket *to)
{
    int64_t end = monotonic_ms() + LAST_PATIENCE_MS;
    if (to->stream && to->fd >= 0) push(to);
    while (to->fd >= 0 && to->stream && to->waiting > 0 && monotonic_ms() < end) {
        to->stalled = false;
        if (!await_room(to, PATIENCE_MS)) continue;
        push(to);
    }
    close_fd(&to->fd);
}
