/* Whom an event of the monitor's epoll is for: all numbers of data.u32, and in monitor.c a handler for each. */
#pragma once

#include "forwarder/forwarder.h"
#include "streams/relay.h"

/* The slots of the control socket: who waits for a container to end has one, so there are plenty. */
#define CONTROL_SLOTS 128

/* A source that is more than one thing reaches up to the next one. */
enum source {
    SOURCE_NONE,
    SOURCE_INIT, /* the container's first process ended */
    SOURCE_OWN_SIGNALS,
    SOURCE_CLIENT_SIGNALS, /* from the client that started the container */
    SOURCE_HEALTH_OUTPUT,
    SOURCE_HEALTH_ENDED,
    SOURCE_RESOLVER, /* it ended */
    SOURCE_FORWARDER,
    SOURCE_CONTROL_LISTENER = SOURCE_FORWARDER + FORWARDER_SOURCES,
    SOURCE_CONTROL,
    SOURCE_RELAY = SOURCE_CONTROL + CONTROL_SLOTS,
    SOURCE_LEFTOVER = SOURCE_RELAY + RELAY_SOURCES, /* a pipe, by its descriptor */
};
