/* TCP connections that the forwarder relays. */
#pragma once

#include "forwarder/forwarder_ports.h"

#include <stdint.h>

/* Descriptors that one connection may need at once: two sockets, and a pipe for each direction. */
#define STREAM_DESCRIPTORS 6

enum stream_accepted { STREAM_ACCEPTED, STREAM_NONE, STREAM_FULL };

/* Makes room for `most` connections. -1 with errno. */
int streams_prepare(int epoll, unsigned most);

/*
 * Takes one connection and connects to `target`; without one (AF_UNSPEC) it is reset. STREAM_NONE: nobody waits;
 * STREAM_FULL: there is no room now.
 */
enum stream_accepted stream_accept(int listener, const union address *target);

/* Returns the number of connections. */
unsigned streams_count(void);

/* Moves what can be moved: `number` and `side` as in epoll's data (forwarder_events.h). */
void stream_event(unsigned number, int side, uint32_t events);

/*
 * Makes room of those that ended, true if there were any; after all events of a batch, as one of them may still name
 * what ended.
 */
bool streams_settle(void);
