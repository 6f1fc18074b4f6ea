#include "forwarder/forwarder_process.h"

#include "base/kernel.h"
#include "base/util.h"
#include "forwarder/forwarder_datagram.h"
#include "forwarder/forwarder_events.h"
#include "forwarder/forwarder_jail.h"
#include "forwarder/forwarder_stream.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

/* How long the forwarder stays when there is nothing to do. */
#ifndef FORWARDER_IDLE_MS
#define FORWARDER_IDLE_MS 60000
#endif

#define STREAMS_MAX 1024

/* Connections that are taken in a row, and how long none is after there was no room. */
#define ACCEPT_TURN 64
#define PAUSE_MS 100

/* How often flows are looked at. */
#define TICK_MS 1000

#define BATCH 64

/*
 * The descriptors that are no connections: those of flows, idle pipes, the standard streams and epoll's, with some to
 * spare.
 */
#define OTHER_DESCRIPTORS (FLOWS_MAX + 64)

/* A port that is relayed, with where to. */
struct relayed_port {
    int fd;
    int protocol;
    union address target; /* AF_UNSPEC: the file names it no more */
};

static struct {
    struct relayed_port *ports;
    unsigned count;
    int epoll;
    unsigned streams_most;
    int64_t paused; /* monotonic ms until when no connection is taken unless one ends; 0: they are taken */
} forwarder;

/*
 * Closes all but the standard streams and what is relayed: the plan's lock, clients and streams of the container among
 * them.
 */
static void close_others(const struct held_port *held, size_t count)
{
    unsigned first = 3;
    for (size_t i = 0; i < count; i++) {
        if (!held[i].relayed) continue;
        unsigned fd = (unsigned)held[i].fd;
        if (first < fd) k_close_range(first, fd - 1, 0);
        first = fd + 1;
    }
    k_close_range(first, ~0U, 0);
}

static const union address *find_target(const struct port_list *list, const struct held_port *held)
{
    static const union address none = {.family = AF_UNSPEC};
    for (size_t i = 0; i < list->count; i++) {
        const struct port *port = &list->ports[i];
        if (port->protocol == held->protocol && address_equals(&port->host, &held->host))
            return &port->container;
    }
    return &none;
}

static int find_targets(const char *ports_file, const struct held_port *held, size_t count)
{
    struct port_list list;
    if (port_list_read(&list, ports_file) < 0) return -1;
    forwarder.ports = calloc(count, sizeof *forwarder.ports);
    for (size_t i = 0; forwarder.ports != NULL && i < count; i++) {
        if (!held[i].relayed) continue;
        forwarder.ports[forwarder.count++] = (struct relayed_port){
            .fd = held[i].fd, .protocol = held[i].protocol, .target = *find_target(&list, &held[i])};
    }
    port_list_free(&list);
    return forwarder.ports == NULL ? -1 : 0;
}

static int control_port(int operation, unsigned number, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = event_data(EVENT_PORT, number)};
    return epoll_ctl(forwarder.epoll, operation, forwarder.ports[number].fd, &event);
}

static int watch_ports(void)
{
    for (unsigned i = 0; i < forwarder.count; i++) {
        if (control_port(EPOLL_CTL_ADD, i, EPOLLIN) < 0) return -1;
    }
    return 0;
}

static void control_listeners(uint32_t events)
{
    for (unsigned i = 0; i < forwarder.count; i++) {
        if (forwarder.ports[i].protocol == IPPROTO_TCP) control_port(EPOLL_CTL_MOD, i, events);
    }
}

/* Clients then wait in the kernel's queue, and beyond that are not answered. */
static void pause_listeners(void)
{
    forwarder.paused = monotonic_ms() + PAUSE_MS;
    control_listeners(0);
}

static void resume_listeners(bool has_more_room)
{
    if (forwarder.paused == 0 || streams_count() == forwarder.streams_most) return;
    if (!has_more_room && monotonic_ms() < forwarder.paused) return;
    forwarder.paused = 0;
    control_listeners(EPOLLIN);
}

static void serve_port(const struct relayed_port *port)
{
    if (port->protocol == IPPROTO_UDP) {
        flows_receive(port->fd, &port->target);
        return;
    }
    for (int i = 0; i < ACCEPT_TURN; i++) {
        enum stream_accepted accepted = stream_accept(port->fd, &port->target);
        if (accepted == STREAM_FULL && forwarder.paused == 0) pause_listeners();
        if (accepted != STREAM_ACCEPTED) return;
    }
}

static void dispatch(const struct epoll_event *event)
{
    unsigned number = event_number(event->data.u64);
    switch (event_kind(event->data.u64)) {
    case EVENT_PORT:
        serve_port(&forwarder.ports[number]);
        break;
    case EVENT_CLIENT:
        stream_event(number, 0, event->events);
        break;
    case EVENT_SERVER:
        stream_event(number, 1, event->events);
        break;
    case EVENT_FLOW:
        flow_answer(number);
        break;
    }
}

static int patience(int64_t idle_since)
{
    if (forwarder.paused != 0) return PAUSE_MS;
    if (flows_count() > 0) return TICK_MS;
    return streams_count() > 0 ? -1 : ms_until(idle_since + FORWARDER_IDLE_MS);
}

static void serve(void)
{
    struct epoll_event events[BATCH];
    int64_t idle_since = monotonic_ms(), looked_at_flows = 0;
    for (;;) {
        int count = epoll_wait(forwarder.epoll, events, BATCH, patience(idle_since));
        for (int i = 0; i < count; i++)
            dispatch(&events[i]);
        resume_listeners(streams_settle());
        int64_t now = monotonic_ms();
        if (now - looked_at_flows >= TICK_MS) {
            flows_expire();
            looked_at_flows = now;
        }
        if (count > 0 || streams_count() + flows_count() > 0)
            idle_since = now;
        else if (now - idle_since >= FORWARDER_IDLE_MS)
            return;
    }
}

/* Makes room for as many connections as there can be descriptors for, whatever each of them needs. */
static int prepare_streams(void)
{
    int others = OTHER_DESCRIPTORS + (int)forwarder.count;
    int descriptors = forwarder_limit_descriptors(others + STREAMS_MAX * STREAM_DESCRIPTORS);
    int streams = (descriptors - others) / STREAM_DESCRIPTORS;
    if (streams < 1) return fail_with(EMFILE);
    forwarder.streams_most = (unsigned)streams;
    return streams_prepare(forwarder.epoll, forwarder.streams_most);
}

_Noreturn void forwarder_main(const char *ports_file, const struct held_port *held, size_t count,
                              pid_t monitor)
{
    prctl(PR_SET_NAME, "skiff-forwarder");
    signal(SIGPIPE, SIG_IGN); /* splice(2) has no flag against it */
    close_others(held, count);
    forwarder.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (forwarder.epoll < 0 || find_targets(ports_file, held, count) < 0 || watch_ports() < 0) _exit(1);
    flows_prepare(forwarder.epoll);
    if (prepare_streams() < 0 || forwarder_enter_jail(monitor) < 0) _exit(1);
    serve();
    _exit(0);
}
