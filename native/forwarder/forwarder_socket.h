/* The socket that holds one published port. */
#pragma once

#include "forwarder/forwarder_ports.h"

/* The result for a port whose protocol or family the kernel does not have. */
#define NO_SUCH_SOCKET (-2)

/*
 * Takes a port of the host. One that is relayed listens; any other refuses at once what reaches it nevertheless, as if
 * nobody were there. NO_SUCH_SOCKET, or -1 with errno: EADDRINUSE, EACCES, EADDRNOTAVAIL.
 */
int port_socket(const struct port *port);

/* Answers all that waits at a socket that is relayed with a reset (TCP), or drops it (UDP). */
void port_socket_refuse(int fd, int protocol);
