/* Descriptors that go from one process to another over a socket of packets, and those that a new process keeps. */
#pragma once

/* A byte, and a descriptor unless it is -1. -1 with errno. */
int send_descriptor(int socket, int fd);

/* The descriptor of the next message, -1 as `*fd` when it has none. -1 with ECONNRESET: the sender is gone. */
int receive_descriptor(int socket, int *fd);

/* The most that place_descriptors() takes. */
#define PLACES_MAX 8

/*
 * Makes fds[n] descriptor n (-1: none), and closes whatever else is open: what leaked into a container would be a way
 * out (CVE-2024-21626). All but the standard streams close on exec.
 */
void place_descriptors(const int fds[], int count);
