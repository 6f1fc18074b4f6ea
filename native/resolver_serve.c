#include "resolver_parts.h"

#include "util.h"

#include <sys/epoll.h>
#include <sys/mman.h>

#define EVENTS_MAX 16

static uint64_t encode(enum source source, unsigned index, uint32_t generation)
{
    return (uint64_t)source << 48 | (uint64_t)index << 32 | generation;
}

int resolver_watch(struct resolver *resolver, int operation, int fd, uint32_t events, enum source source,
                   unsigned index, uint32_t generation)
{
    struct epoll_event event = {.events = events, .data.u64 = encode(source, index, generation)};
    return epoll_ctl(resolver->epoll, operation, fd, &event);
}

void resolver_give_back(void *start, size_t size)
{
    madvise(start, size, MADV_DONTNEED);
}

static void attend(struct resolver *resolver, const struct epoll_event *event)
{
    enum source source = (enum source)(event->data.u64 >> 48);
    unsigned index = event->data.u64 >> 32 & 0xffff;
    uint32_t generation = (uint32_t)event->data.u64;
    switch (source) {
    case SOURCE_UDP:
        return udp_receive(resolver);
    case SOURCE_TCP:
        return tcp_accept(resolver);
    case SOURCE_PENDING:
        return udp_answered(resolver, index, generation);
    case SOURCE_CLIENT:
    case SOURCE_SERVER:
        return tcp_event(resolver, index, generation, source == SOURCE_SERVER, event->events);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* One turn does a bounded amount of work for each source that has some, and then has a look at the clock. */
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
    resolver_watch(resolver, EPOLL_CTL_ADD, resolver->udp, EPOLLIN, SOURCE_UDP, 0, 0);
    resolver_watch(resolver, EPOLL_CTL_ADD, resolver->tcp, EPOLLIN, SOURCE_TCP, 0, 0);
    for (;;)
        take_turn(resolver);
}
