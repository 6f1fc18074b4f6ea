#include "streams/leftover.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#define KEPT_MAX 16
#define TAKEN_AT_ONCE 65536

static int kept[KEPT_MAX];
static unsigned count;

/* Standard output is /dev/null wherever this runs. False: all who could write are gone. */
static bool take(int pipe)
{
    ssize_t n = splice(pipe, NULL, 1, NULL, TAKEN_AT_ONCE, SPLICE_F_NONBLOCK);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

bool leftover_stays(const int pipes[2])
{
    struct pollfd watched[] = {{.fd = pipes[0]}, {.fd = pipes[1]}};
    if (poll(watched, 2, 0) < 0) return true;
    for (int i = 0; i < 2; i++) {
        if (watched[i].fd >= 0 && !(watched[i].revents & POLLHUP)) return true;
    }
    return false;
}

void leftover_drain(const int pipes[2], int container)
{
    struct pollfd watched[] = {{.fd = pipes[0], .events = POLLIN},
                               {.fd = pipes[1], .events = POLLIN},
                               {.fd = container, .events = POLLIN}};
    while (watched[0].fd >= 0 || watched[1].fd >= 0) {
        if (poll(watched, 3, -1) < 0) continue;
        if (watched[2].revents != 0) return;
        for (int i = 0; i < 2; i++) {
            if (watched[i].revents != 0 && !take(watched[i].fd)) watched[i].fd = -1;
        }
    }
}

static void forget(unsigned index)
{
    close_fd(&kept[index]);
    for (count--; index < count; index++)
        kept[index] = kept[index + 1];
}

void leftover_keep(int epoll, uint32_t first_source, int pipe)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = first_source + (uint32_t)pipe};
    if (count == KEPT_MAX) forget(0);
    kept[count++] = pipe;
    epoll_ctl(epoll, EPOLL_CTL_ADD, pipe, &event);
}

void leftover_event(int pipe)
{
    for (unsigned i = 0; i < count; i++) {
        if (kept[i] == pipe && !take(kept[i])) return forget(i);
    }
}

void leftover_close(void)
{
    while (count > 0)
        forget(0);
}
