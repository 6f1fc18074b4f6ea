#include "streams/relay_frame.h"

#include "base/util.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define CLIENT_PATIENCE_MS 5000

static struct {
    struct stream *stream; /* NULL: none */
    uint8_t header[FRAME_HEADER];
    size_t size; /* of the payload */
    enum passage passage;
} frame;

unsigned frame_address(const struct stream *stream, struct client **last)
{
    unsigned count = 0;
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
        client->due = client->fd != 0 && (client->streams & (1u << stream->type));
        client->sent = 0;
        count += client->due;
        if (client->due) *last = client;
    }
    return count;
}

void frame_abandon(void)
{
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++)
        client->due = false;
}

const struct stream *frame_stream(void)
{
    return frame.stream;
}

static bool is_direct(void)
{
    return frame.passage == PASSAGE_DIRECT || frame.passage == PASSAGE_TEE;
}

int frame_waits_for(const struct client *client)
{
    return is_direct() ? client->direct[frame.stream->type - FRAME_STDOUT].fd : client->fd;
}

static void finish(void)
{
    struct stream *stream = frame.stream;
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
        if (client->due) return;
    }
    frame.stream = NULL;
    if (stream != NULL && frame.passage == PASSAGE_COPY) stream_settle(stream);
}

static void spare(struct client *client)
{
    client->due = false;
    finish();
}

void frame_lose(struct client *client)
{
    client_lose(client);
    spare(client);
}

/* Sends what is missing of the frame under way, with one write, as write(2) returns. */
static ssize_t send_rest(const struct client *client)
{
    const struct stream *stream = frame.stream;
    size_t header_sent = client->sent < FRAME_HEADER ? client->sent : FRAME_HEADER;
    size_t payload_sent = client->sent - header_sent;
    bool spliced = frame.passage == PASSAGE_SPLICE;
    if (spliced && header_sent == FRAME_HEADER)
        return splice(stream->fd, NULL, client->fd, NULL, frame.size - payload_sent,
                      SPLICE_F_NONBLOCK | SPLICE_F_MOVE | SPLICE_F_MORE);
    struct iovec parts[2] = {
        {frame.header + header_sent, FRAME_HEADER - header_sent},
        {stream->buffer + stream->kept + payload_sent, spliced ? 0 : frame.size - payload_sent},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(client->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * Moves output into the client's own pipe. What cannot be written is left in the container's: a frame tells the client,
 * who then finds out why.
 */
static void move(struct client *client)
{
    struct stream *stream = frame.stream;
    bool logged = frame.passage == PASSAGE_TEE;
    int to = frame_waits_for(client);
    ssize_t n = logged ? tee(stream->fd, to, frame.size, SPLICE_F_NONBLOCK)
                       : splice(stream->fd, NULL, to, NULL, frame.size, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) client_close_outputs(client);
    if (n > 0 && logged) stream_log(stream, (size_t)n);
    spare(client);
}

void frame_push(struct client *client)
{
    if (client->due && is_direct()) {
        move(client);
        return;
    }
    while (client->due) {
        ssize_t n = send_rest(client);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) {
            frame_lose(client);
            return;
        }
        client->sent += (size_t)n;
        client->drained = false;
        client->due = client->sent < FRAME_HEADER + frame.size;
    }
    finish();
}

void frame_withdraw(void)
{
    if (frame.stream == NULL || !is_direct()) return;
    frame_abandon();
    finish();
}

static void push_all(void)
{
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
        if (client->due) frame_push(client);
    }
    finish();
}

void frame_begin(struct stream *stream, size_t size, enum passage passage)
{
    frame.stream = stream;
    frame.size = size;
    frame.passage = passage;
    frame_header(frame.header, stream->type, (uint32_t)size);
    push_all();
}

void frame_insist(void)
{
    push_all();
    while (frame.stream != NULL) {
        struct pollfd waiting[RELAY_CLIENTS];
        for (int i = 0; i < RELAY_CLIENTS; i++)
            waiting[i] = (struct pollfd){.fd = relay_clients[i].due ? frame_waits_for(&relay_clients[i]) : -1,
                                         .events = POLLOUT};
        bool patient = poll(waiting, RELAY_CLIENTS, CLIENT_PATIENCE_MS) != 0;
        for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
            if (!patient && client->due) frame_lose(client);
        }
        push_all();
    }
}
