#include "forwarder/forwarder_socket.h"

#include "base/util.h"

#include <limits.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

/* The kernel makes it net.core.somaxconn where that is less. */
#define BACKLOG 4096

/* A client that vanished without a word is noticed after less than five minutes. */
#define KEEPALIVE_AFTER_S 60
#define KEEPALIVE_EVERY_S 30
#define KEEPALIVE_TIMES 7

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* Listens, with the options that every accepted connection inherits. */
static int listen_for_connections(int fd)
{
    if (set(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0 || set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) < 0 ||
        set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_AFTER_S) < 0 ||
        set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S) < 0 ||
        set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_TIMES) < 0)
        return -1;
    return listen(fd, BACKLOG);
}

/*
 * SO_REUSEADDR lets a port be taken whose former owner left connections in TIME_WAIT; but of two sockets that have it
 * and do not listen neither refuses the other. Listening is what the kernel checks strictly. A socket that listened and
 * is shut down keeps the port and answers every connection with a reset; without the option nobody else's bind(2)
 * succeeds beside it. One that listens keeps the option: its connections inherit it, and would otherwise be in the way
 * of the next owner.
 */
static int hold_tcp(int fd, const struct port *port)
{
    if (set(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 || bind(fd, &port->host.any, address_size(&port->host)) < 0)
        return -1;
    if (port->container.family != AF_UNSPEC) return listen_for_connections(fd);
    if (listen(fd, 0) < 0 || set(fd, SOL_SOCKET, SO_REUSEADDR, 0) < 0) return -1;
    return shutdown(fd, SHUT_RD);
}

/*
 * Datagrams that nobody relays would wait in the socket for ever, and their senders for an answer. Bound to an interface
 * that cannot be there it gets none, so that the kernel says that the port is unreachable, and keeps the port: only
 * a socket bound to another interface may have it as well. Before Linux 5.0 the datagrams are swallowed.
 */
static int hold_datagrams(int fd, const struct port *port)
{
    if (bind(fd, &port->host.any, address_size(&port->host)) < 0) return -1;
    if (port->container.family == AF_UNSPEC && set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, INT_MAX) < 0)
        return errno == ENOPROTOOPT ? 0 : -1;
    /* Answers leave from the address that was asked, of all that the host has. */
    return port->host.family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                                         : set(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

static int hold(int fd, const struct port *port)
{
    if (port->host.family == AF_INET6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0) return -1;
    switch (port->protocol) {
    case IPPROTO_TCP:
        return hold_tcp(fd, port);
    case IPPROTO_UDP:
        return hold_datagrams(fd, port);
    default:
        return bind(fd, &port->host.any, address_size(&port->host));
    }
}

int port_socket(const struct port *port)
{
    int type = port->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
    owned_fd fd = socket(port->host.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, port->protocol);
    if (fd < 0)
        return errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT || errno == EAFNOSUPPORT ? NO_SUCH_SOCKET
                                                                                             : -1;
    return hold(fd, port) < 0 ? -1 : steal_fd(&fd);
}

void port_socket_refuse(int fd, int protocol)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    char byte;
    /* Bounded: others may arrive meanwhile, without end. */
    for (int i = 0; i < BACKLOG; i++) {
        if (protocol != IPPROTO_TCP) {
            if (recv(fd, &byte, 1, MSG_DONTWAIT) < 0) return;
            continue;
        }
        int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0) return;
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(connection);
    }
}
