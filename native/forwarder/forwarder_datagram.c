#include "forwarder/forwarder_datagram.h"

#include "base/util.h"
#include "forwarder/forwarder_events.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Datagrams in a row before others get their turn. */
#define TURN 64

/* The ancillary data of IPV6_PKTINFO or IP_PKTINFO: which of the host's addresses the client spoke to. */
union local {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct flow {
    int fd; /* to the container; 0: none */
    int port;
    union address client;
    union local local;
    size_t local_size;
    int64_t used; /* monotonic ms */
};

static struct flow flows[FLOWS_MAX];
static unsigned count;
static int epoll;
static char buffer[65536];

void flows_prepare(int own_epoll)
{
    epoll = own_epoll;
}

unsigned flows_count(void)
{
    return count;
}

static void end(struct flow *flow)
{
    close(flow->fd);
    flow->fd = 0;
    count--;
}

void flows_expire(void)
{
    int64_t now = monotonic_ms();
    for (struct flow *flow = flows; count > 0 && flow < flows + FLOWS_MAX; flow++) {
        if (flow->fd > 0 && now - flow->used >= FLOW_IDLE_MS) end(flow);
    }
}

static struct flow *find(int port, const union address *client, const union local *local, size_t local_size)
{
    for (struct flow *flow = flows; count > 0 && flow < flows + FLOWS_MAX; flow++) {
        if (flow->fd > 0 && flow->port == port && flow->local_size == local_size &&
            address_equals(&flow->client, client) && memcmp(&flow->local, local, local_size) == 0)
            return flow;
    }
    return NULL;
}

/* A free place, or that of the one which was not used for longest. */
static struct flow *make_room(void)
{
    struct flow *oldest = flows;
    for (struct flow *flow = flows; flow < flows + FLOWS_MAX; flow++) {
        if (flow->fd == 0) return flow;
        if (flow->used < oldest->used) oldest = flow;
    }
    end(oldest);
    return oldest;
}

static struct flow *begin(int port, const union address *client, const union address *target)
{
    owned_fd fd = socket(target->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
    if (fd < 0 || connect(fd, &target->any, address_size(target)) < 0) return NULL;
    struct flow *flow = make_room();
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = event_data(EVENT_FLOW, (unsigned)(flow - flows))};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) return NULL;
    flow->fd = steal_fd(&fd);
    flow->port = port;
    flow->client = *client;
    count++;
    return flow;
}

static bool receive(int port, const union address *target)
{
    union address client = {0};
    union local local = {0};
    struct iovec data = {buffer, sizeof buffer};
    struct msghdr message = {
        .msg_name = &client,
        .msg_namelen = sizeof client,
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &local,
        .msg_controllen = sizeof local,
    };
    ssize_t size = recvmsg(port, &message, 0);
    if (size < 0) return false;
    if (target->family == AF_UNSPEC) return true;
    struct flow *flow = find(port, &client, &local, message.msg_controllen);
    if (flow == NULL) {
        flow = begin(port, &client, target);
        if (flow == NULL) return true;
        flow->local = local;
        flow->local_size = message.msg_controllen;
    }
    flow->used = monotonic_ms();
    /* A datagram more or less is what UDP promises. The error of one before, nobody there, is taken away by this one. */
    if (send(flow->fd, buffer, (size_t)size, MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED)
        send(flow->fd, buffer, (size_t)size, MSG_NOSIGNAL);
    return true;
}

void flows_receive(int port, const union address *target)
{
    for (int i = 0; i < TURN && receive(port, target); i++)
        ;
}

static bool answer(struct flow *flow)
{
    ssize_t size = recv(flow->fd, buffer, sizeof buffer, 0);
    if (size < 0) return errno == ECONNREFUSED;
    struct iovec data = {buffer, (size_t)size};
    struct msghdr message = {
        .msg_name = &flow->client,
        .msg_namelen = address_size(&flow->client),
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = flow->local_size > 0 ? &flow->local : NULL,
        .msg_controllen = flow->local_size,
    };
    flow->used = monotonic_ms();
    sendmsg(flow->port, &message, MSG_NOSIGNAL);
    return true;
}

void flow_answer(unsigned number)
{
    struct flow *flow = &flows[number];
    for (int i = 0; i < TURN && flow->fd > 0 && answer(flow); i++)
        ;
}
