/*
 * The socket of a log driver. It never holds the monitor up for long: a server that takes nothing is waited for once,
 * 100 ms; until it takes something again what is sent is lost and counted. One that went away is looked for once a
 * second.
 */
#pragma once

#include "log/log_driver.h"

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

/* An entry that tells how many were lost before it, and its text. */
struct lost_note {
    struct log_entry entry;
    char text[80];
};

/* Whether messages were lost before the one that was just sent; if so fills in the note to send, and counts anew. */
bool log_socket_note_lost(struct log_socket *to, const struct log_entry *sent, struct lost_note *note);

/* Waits a second at most for a stream's server to take the rest. */
void log_socket_close(struct log_socket *to);
