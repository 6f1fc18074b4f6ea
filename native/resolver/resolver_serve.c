#include "resolver/resolver_parts.h"

#include "base/util.h"

#include <sys/epoll.h>

#define EVENTS_MAX 16

static void attend(struct resolver *resolver, const struct epoll_event *event)
{
    enum resolver_source source = (enum resolver_source)(event->data.u64 >> 48);
    unsigned index = event->data.u64 >> 32 & 0xffff;
    uint32_t generation = (uint32_t)event->data.u64;
    switch (source) {
    case RESOLVER_UDP:
        return udp_receive(resolver);
    case RESOLVER_TCP:
        return tcp_accept(resolver);
    case RESOLVER_PENDING:
        return udp_answered(resolver, index, generation);
    case RESOLVER_CLIENT:
    case RESOLVER_SERVER:
        return tcp_event(resolver, index, generation, source == RESOLVER_SERVER, event->events);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Takes one turn: a bounded amount of work for each source that has some, and then a look at the clock. */
static void take_turn(struct resolver *resolver)
{
    struct epoll_event events[EVENTS_MAX];
    int timeout = ms_until(earlier(udp_deadline(resolver), tcp_deadline(resolver)));
    int count = epoll_wait(resolver->epoll, events, EVENTS_MAX, timeout);
    for (int i = 0; i < count; i++)
        attend(resolver, &events[i]);
    if (resolver->pending_count == 0 && resolver->stream_count == 0) return;
    int64_t now = monotonic_ms();
    udp_expire(resolver, now);
    tcp_expire(resolver, now);
}

_Noreturn void resolver_serve(struct resolver *resolver)
{
    resolver_watch(resolver, EPOLL_CTL_ADD, resolver->udp, EPOLLIN, RESOLVER_UDP, 0, 0);
    resolver_watch(resolver, EPOLL_CTL_ADD, resolver->tcp, EPOLLIN, RESOLVER_TCP, 0, 0);
    for (;;)
        take_turn(resolver);
}
