/* What an event of the forwarder's epoll is about: data.u64 is the kind of a thing and its number. */
#pragma once

#include <stdint.h>

enum event_kind { EVENT_PORT, EVENT_CLIENT, EVENT_SERVER, EVENT_FLOW };

static inline uint64_t event_data(enum event_kind kind, unsigned number)
{
    return (uint64_t)kind << 32 | number;
}

static inline enum event_kind event_kind(uint64_t data)
{
    return (enum event_kind)(data >> 32);
}

static inline unsigned event_number(uint64_t data)
{
    return (unsigned)data;
}
