/*
 * The socket of a log driver. It never holds the monitor up for long: a server that takes nothing is waited for once,
 * 100 ms; until it takes something again what is sent is lost and counted. One that went away is looked for once a
 * second.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct log_socket {
    int fd;
    int type; /* SOCK_DGRAM, SOCK_STREAM; 0: a local one is tried as both */
    bool stream;
    bool stalled;
    int64_t looked_ms; /* when the server was looked for last, monotonic */
    uint64_t lost;     /* messages since the last one that was sent */
    struct sockaddr_storage address;
    socklen_t address_length;
    size_t waiting; /* bytes of a stream that the kernel did not take yet: one log, one stream */
};

/*
 * Connects to `unix://PATH` (or a path alone), `unixgram://PATH`, `udp://ADDRESS:PORT` or `tcp://ADDRESS:PORT`, ADDRESS
 * being numeric, in brackets when it is of IPv6. -1 with errno: EINVAL for anything else, ETIMEDOUT after ten seconds.
 */
int log_socket_open(struct log_socket *to, const char *address);

/* Sends one message: a datagram, or so many bytes of a stream. -1 with EMSGSIZE: a datagram cannot be that long. */
int log_socket_send(struct log_socket *to, const struct iovec *parts, size_t count);

/* Sends a datagram that is described already, with descriptors maybe. */
int log_socket_send_datagram(struct log_socket *to, const struct msghdr *message);

/* How many messages were lost before one that was sent just now; 0 from then on. */
uint64_t log_socket_take_lost(struct log_socket *to);

/* Waits a second at most for a stream's server to take the rest. */
void log_socket_close(struct log_socket *to);
