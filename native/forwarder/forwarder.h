/*
 * Published ports, as the monitor holds them (src/network/NETWORKS.md): a socket of the host for each, so that
 * nobody else gets it. What the firewall cannot translate arrives at that socket, and is relayed by a process without
 * rights, the forwarder, which is forked when something arrives and ends when it was idle for a minute.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* The number of different events of forwarder_watch(). */
#define FORWARDER_SOURCES 2

/*
 * Takes the ports of the file, which is read again for each forwarder and whose name must stay valid. -1 with a noted
 * failure, and nothing held: stage `port`, whose detail is `tcp 0.0.0.0 8080`, EADDRINUSE, EACCES or EADDRNOTAVAIL; stage
 * `plan` when the file is not there or not what it should be. What the kernel does not speak (sctp, IPv6) nobody can
 * take, and it is passed over.
 */
int forwarder_hold(const char *ports_file);

/* Has `epoll` tell the monitor of what arrives: as data.u32, `first_source` and the number of the event. */
void forwarder_watch(int epoll, uint32_t first_source);

/* Does what the event asks for. */
void forwarder_event(uint32_t number);

/* Has the next connection begin with the file as it is then: what ports lead to has changed. */
void forwarder_renew(void);

/* Returns the one that runs; 0: none does. */
pid_t forwarder_pid(void);

/* Ends the forwarder and gives the ports up. Nothing held is fine. */
void forwarder_release(void);
