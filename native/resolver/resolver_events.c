#include "resolver/resolver_parts.h"

#include <sys/epoll.h>
#include <sys/mman.h>

static uint64_t encode(enum resolver_source source, unsigned index, uint32_t generation)
{
    return (uint64_t)source << 48 | (uint64_t)index << 32 | generation;
}

int resolver_watch(struct resolver *resolver, int operation, int fd, uint32_t events,
                   enum resolver_source source, unsigned index, uint32_t generation)
{
    struct epoll_event event = {.events = events, .data.u64 = encode(source, index, generation)};
    return epoll_ctl(resolver->epoll, operation, fd, &event);
}

void resolver_give_back(void *start, size_t size)
{
    madvise(start, size, MADV_DONTNEED);
}
