#include "streams/relay_attend.h"

#include "base/watch.h"
#include "streams/client_options.h"
#include "streams/relay_frame.h"
#include "streams/relay_input.h"

#include <sys/epoll.h>
#include <sys/socket.h>

void clients_end_input(int epoll)
{
    input_close(epoll);
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
        if (client->fd == 0) continue;
        client->streams &= ~(unsigned)STREAM_IN;
        /* A client that still has input gets EPIPE and stops reading it. */
        shutdown(client->fd, SHUT_RD);
    }
}

/* Notes that a client's input has ended, in whatever way. */
static void end_giving(struct client *client, int epoll)
{
    client->streams &= ~(unsigned)STREAM_IN;
    if (input_ends_with_client()) clients_end_input(epoll);
}

static void take_input(struct client *client, int epoll)
{
    switch (input_feed(client->fd)) {
    case INPUT_ENDED:
        end_giving(client, epoll);
        break;
    case INPUT_CLOSED:
        clients_end_input(epoll);
        break;
    case INPUT_TAKEN:
        return;
    }
}

static void watch_client(struct client *client, int epoll, uint32_t first_client, uint32_t first_output)
{
    uint32_t slot = (uint32_t)(client - relay_clients);
    int awaited = client->due ? frame_waits_for(client) : -1;
    bool gives = (client->streams & STREAM_IN) && input_has_room();
    int events = (gives ? EPOLLIN : 0) | (awaited == client->fd ? EPOLLOUT : 0);
    watch(epoll, client->fd, &client->watched, first_client + slot,
          client->hung_up && events == 0 ? -1 : events);
    for (struct direct_output *output = client->direct; output < client->direct + 2; output++)
        watch(epoll, output->fd, &output->watched, first_output + slot,
              output->fd == awaited ? EPOLLOUT : -1);
}

/* Whether a client went away, and the container has all of its input that it takes. */
static bool is_done(const struct client *client)
{
    return client->hung_up && (client->streams == 0 || !input_is_open());
}

void clients_watch(int epoll, uint32_t first_client, uint32_t first_output)
{
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
        if (client->fd != 0 && is_done(client)) client_close(client);
        if (client->fd != 0) watch_client(client, epoll, first_client, first_output);
    }
}

void client_event(struct client *client, int epoll, uint32_t events)
{
    if ((events & EPOLLOUT) && client->due) frame_push(client);
    if ((events & EPOLLIN) && (client->streams & STREAM_IN) && input_has_room())
        take_input(client, epoll);
    else if (events & (EPOLLHUP | EPOLLERR))
        frame_lose(client);
}
