/* Bringing what a network file describes into being, and taking it away. */
#pragma once

#include "network/network_steps.h"

#include <sys/types.h>

/* Sockets in the network namespace of the caller. -1 with a noted failure. */
int network_open(struct network_sockets *sockets);

/* Closes them without waiting. */
void network_close(struct network_sockets *sockets);

/*
 * Performs a network file at `path`: its host's part, then that of the container, in the network namespace of the
 * descriptor `container` (-1: it must have none). What fails is undone. -1 with a noted failure.
 */
int network_up(const struct network_sockets *host, const char *path, int container);

/* Whether links are deleted, for which one has to wait, or go with their namespace. */
enum links { LINKS_ARE_DELETED, LINKS_GO_WITH_NAMESPACE };

/* Takes it away; every step is tried. Can be repeated. -1 with the first failure noted. */
int network_down(const struct network_sockets *host, const char *path, enum links links);

/*
 * Locks a directory of network files until the descriptor is closed: nobody else performs one of them. -1 with a noted
 * failure, ENOENT: it is gone, as its container is.
 */
int network_lock(const char *directory);

/* The network namespace of a process: a descriptor, or -1 with errno, ESRCH when there is no such process any more. */
int open_network_namespace(pid_t pid);
