#include "streams/relay_clients.h"

#include "base/util.h"
#include "base/watch.h"
#include "streams/client_options.h"
#include "streams/frames.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct client relay_clients[RELAY_CLIENTS];
static int epoll = -1;

void clients_serve(int epoll_fd)
{
    epoll = epoll_fd;
}

struct client *client_free_slot(void)
{
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
        if (client->fd == 0) return client;
    }
    return NULL;
}

void client_make_room(const struct client *client, int size)
{
    if (setsockopt(client->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
        setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

void client_add(int socket, unsigned wanted, const int outputs[2])
{
    struct client *client = client_free_slot();
    *client = (struct client){.fd = socket, .watched = -1, .streams = wanted};
    for (int i = 0; i < 2; i++)
        client->direct[i] = (struct direct_output){.fd = outputs == NULL ? -1 : outputs[i], .watched = -1};
    client_make_room(client, CLIENT_BUFFER);
}

/* Widens a client's pipe: it holds as much unread as the socket does, also in pages that are not full. */
static bool widen(struct direct_output *output)
{
    output->wide = fcntl(output->fd, F_GETPIPE_SZ) >= CLIENT_BUFFER ||
                   fcntl(output->fd, F_SETPIPE_SZ, CLIENT_BUFFER) >= CLIENT_BUFFER;
    return output->wide;
}

/* A client takes a frame's bytes out of the socket by moving them into the pipe, never before. */
static bool is_drained(struct client *client)
{
    int unread;
    if (!client->drained) client->drained = ioctl(client->fd, SIOCOUTQ, &unread) == 0 && unread == 0;
    return client->drained;
}

static void close_output(struct direct_output *output)
{
    watch(epoll, output->fd, &output->watched, 0, -1);
    close_fd(&output->fd);
}

int client_direct_output(struct client *client, unsigned stream)
{
    struct direct_output *output = &client->direct[stream - FRAME_STDOUT];
    if (output->fd < 0 || !is_drained(client)) return -1;
    if (!output->wide && !widen(output)) close_output(output);
    return output->fd;
}

void client_close_outputs(struct client *client)
{
    for (int i = 0; i < 2; i++)
        close_output(&client->direct[i]);
}

void client_lose(struct client *client)
{
    client->hung_up = true;
    client->streams &= STREAM_IN;
    client_close_outputs(client);
}

void client_close(struct client *client)
{
    client_close_outputs(client);
    watch(epoll, client->fd, &client->watched, 0, -1);
    close(client->fd);
    *client = (struct client){0};
}
