/* What clients of relay.c do at their sockets: they take output, give input, and go away. */
#pragma once

#include "streams/relay_clients.h"

/*
 * Has epoll wait for what each of them can do now: at its socket as `first_client` and its slot, at its own standard
 * output or error as `first_output` and its slot. One that went away, and has nothing for the container, is closed.
 */
void clients_watch(int epoll, uint32_t first_client, uint32_t first_output);

/* Does what a client's socket is ready for. */
void client_event(struct client *client, int epoll, uint32_t events);

/* Closes the container's input, and tells the clients. */
void clients_end_input(int epoll);
