#include "streams/relay.h"

#include "base/util.h"
#include "base/watch.h"
#include "log/log.h"
#include "streams/relay_attend.h"
#include "streams/relay_clients.h"
#include "streams/relay_frame.h"
#include "streams/relay_input.h"
#include "streams/relay_stream.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Enough for what a client may leave unread, and both pipes and both buffers can hold when the container ends. */
#define CLIENT_BUFFER_AT_END (2 << 20)

/* How often a stream is read in a row while everybody keeps up. */
#define READS_PER_EVENT 16

/* The least that goes from pipe to socket (without a log), or to pipe, without being copied. */
#define SPLICE_LEAST LOG_PIECE
#define DIRECT_LEAST 4096
#define SPLICE_MOST (1 << 20)

/* The most that can be left of what was written to a terminal: more than the kernel keeps. */
#define TERMINAL_LEFT (1 << 20)

#define REST_AFTER_MS 100

/* Numbers of events: the streams, then a client's socket and its own outputs, each by its slot. */
enum { FROM_OUTPUT, FROM_ERROR, AT_INPUT, AT_CLIENT, AT_OUTPUTS = AT_CLIENT + RELAY_CLIENTS };
_Static_assert(AT_OUTPUTS + RELAY_CLIENTS == RELAY_SOURCES, "each event has a number");

static int epoll = -1;
static uint32_t first_source;
static int master = -1; /* of the terminal, as long as the container lives */
static unsigned starter_streams = STREAMS_ALL;
static int input_once;
static int starter_outputs[2] = {-1, -1};

static void rewatch(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        /* Not merely without events: a hang-up would still be reported, again and again. */
        watch(epoll, relay_streams[i].fd, &relay_streams[i].watched, first_source + FROM_OUTPUT + i,
              frame_stream() != NULL ? -1 : EPOLLIN);
    }
    clients_watch(epoll, first_source + AT_CLIENT, first_source + AT_OUTPUTS);
    input_watch(epoll, first_source + AT_INPUT);
}

void relay_end_input(int once)
{
    input_once = once;
}

void relay_expect(unsigned wanted)
{
    struct stat stat;
    starter_streams = wanted;
    for (int i = 0; i < 2; i++) {
        bool is_pipe = fstat(1 + i, &stat) == 0 && S_ISFIFO(stat.st_mode);
        if (is_pipe && (wanted & (STREAM_OUT << i))) starter_outputs[i] = fcntl(1 + i, F_DUPFD_CLOEXEC, 3);
    }
}

int relay_has_room(void)
{
    return client_free_slot() != NULL ? 0 : fail_with(EBUSY);
}

void relay_join(int socket, unsigned wanted)
{
    client_add(socket, wanted, NULL);
    rewatch();
}

void relay_watch(int epoll_fd, uint32_t first)
{
    epoll = epoll_fd;
    first_source = first;
    clients_serve(epoll);
}

void relay_serve(int input, int output, int error, int starter)
{
    bool is_terminal = isatty(output);
    relay_streams[0].fd = output;
    relay_streams[1].fd = error;
    if (is_terminal) master = fcntl(output, F_DUPFD_CLOEXEC, 0);
    input_open(input, is_terminal, input_once == 0 ? starter_streams & STREAM_IN : input_once > 0);
    if (starter >= 0) client_add(starter, starter_streams, starter_outputs);
    rewatch();
}

int relay_resize(unsigned rows, unsigned columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return master < 0 ? fail_with(ENOTTY) : ioctl(master, TIOCSWINSZ, &size);
}

static void end_stream(struct stream *stream)
{
    watch(epoll, stream->fd, &stream->watched, 0, -1);
    stream_close(stream);
}

/* Chooses how what waits may go to a single client without being copied; PASSAGE_COPY: it may not. */
static enum passage choose_passage(const struct stream *stream, struct client *client, size_t waiting)
{
    bool direct = waiting >= DIRECT_LEAST && client_direct_output(client, stream->type) >= 0;
    if (log_is_open()) return direct ? PASSAGE_TEE : PASSAGE_COPY;
    return direct ? PASSAGE_DIRECT : waiting >= SPLICE_LEAST ? PASSAGE_SPLICE : PASSAGE_COPY;
}

/* Passes some of it on: how much; 0 when epoll has to be asked for more, or nothing more is to come. */
static size_t pump(struct stream *stream)
{
    struct client *client = NULL;
    unsigned count = frame_address(stream, &client);
    if (count == 1 && master < 0) {
        size_t waiting = stream_waiting(stream);
        enum passage passage = choose_passage(stream, client, waiting);
        size_t most = passage == PASSAGE_TEE ? stream_room(stream) : SPLICE_MOST;
        if (passage != PASSAGE_COPY) {
            size_t size = waiting < most ? waiting : most;
            frame_begin(stream, size, passage);
            return passage != PASSAGE_DIRECT ? size : 0;
        }
    }
    ssize_t n;
    while ((n = stream_read(stream)) < 0 && errno == EINTR)
        ;
    if (n > 0) {
        frame_begin(stream, (size_t)n, PASSAGE_COPY);
        return (size_t)n;
    }
    frame_abandon();
    if (n == 0 || errno != EAGAIN)
        end_stream(stream); /* of a terminal EIO says that nobody has it open any more */
    return 0;
}

void relay_event(uint32_t number, uint32_t events)
{
    if (number >= AT_OUTPUTS) {
        frame_push(&relay_clients[number - AT_OUTPUTS]);
    } else if (number >= AT_CLIENT) {
        struct client *client = &relay_clients[number - AT_CLIENT];
        if (client->fd != 0) client_event(client, epoll, events);
    } else if (number == AT_INPUT) {
        if (!input_event(events)) clients_end_input(epoll);
    } else {
        struct stream *stream = &relay_streams[number - FROM_OUTPUT];
        for (int i = 0; i < READS_PER_EVENT && frame_stream() == NULL && stream->fd >= 0; i++) {
            if (pump(stream) == 0) break;
        }
    }
    rewatch();
}

/* Returns the most that was written to a stream before its container ended, and has not been read. */
static size_t most_left(const struct stream *stream)
{
    int capacity = fcntl(stream->fd, F_GETPIPE_SZ);
    return capacity > 0 ? (size_t)capacity : TERMINAL_LEFT;
}

/*
 * Takes what is left of a stream. Whoever outlives the container and goes on writing is not heard: it could hold up the
 * end for ever.
 */
static void drain(struct stream *stream)
{
    size_t left = most_left(stream), size;
    while (left > 0 && stream->fd >= 0 && (size = pump(stream)) > 0) {
        frame_insist();
        left -= size < left ? size : left;
    }
    if (stream->fd >= 0) end_stream(stream);
}

void relay_drain(void)
{
    /*
     * All that is left fits into the sockets now, so that a slow client does not delay the exit record. Its pipe may be
     * full; and only when we have closed it, its reader sees its end with that of the client.
     */
    frame_withdraw();
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
        if (client->fd == 0) continue;
        client_close_outputs(client);
        client_make_room(client, CLIENT_BUFFER_AT_END);
    }
    frame_insist();
    for (int i = 0; i < 2; i++) {
        if (relay_streams[i].fd >= 0) drain(&relay_streams[i]);
    }
    input_close(epoll);
    close_fd(&master);
    log_close();
}

void relay_send(enum frame_type type, const void *payload, size_t length)
{
    uint8_t bytes[FRAME_HEADER + FRAME_EXIT_MAX];
    if (length > sizeof bytes - FRAME_HEADER) return;
    frame_header(bytes, type, (uint32_t)length);
    if (length > 0) memcpy(bytes + FRAME_HEADER, payload, length);
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
        if (client->fd == 0) continue;
        client->drained = false;
        if (send(client->fd, bytes, FRAME_HEADER + length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) continue;
    }
}

void relay_hang_up(void)
{
    for (struct client *client = relay_clients; client < relay_clients + RELAY_CLIENTS; client++) {
        if (client->fd == 0) continue;
        frame_lose(client);
        client_close(client);
    }
}

int relay_timeout(void)
{
    return streams_hold_memory() ? REST_AFTER_MS : -1;
}

void relay_rest(void)
{
    streams_release_memory();
    log_rest();
}
