#include "base/watch.h"

#include <sys/epoll.h>

void watch(int epoll, int fd, int *watched, uint32_t source, int events)
{
    struct epoll_event event = {.events = (uint32_t)events, .data.u32 = source};
    if (fd < 0 || *watched == events) return;
    epoll_ctl(epoll, events < 0 ? EPOLL_CTL_DEL : *watched < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
    *watched = events;
}
