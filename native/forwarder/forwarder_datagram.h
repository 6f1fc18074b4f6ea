/* UDP: each client that sends something has a flow, a socket of its own to the container, until nothing comes any more. */
#pragma once

#include "forwarder/forwarder_ports.h"

#include <stdint.h>

/* The oldest makes room for the next. */
#define FLOWS_MAX 256

#define FLOW_IDLE_MS 30000

void flows_prepare(int epoll);

/* Relays what waits at a port's socket; with no target (AF_UNSPEC) it is dropped. */
void flows_receive(int port, const union address *target);

/* Relays what the container answered. */
void flow_answer(unsigned number);

/* Ends those that were idle for long enough. */
void flows_expire(void);

unsigned flows_count(void);
