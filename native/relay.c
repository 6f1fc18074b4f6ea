#include "relay.h"

#include "log.h"
#include "relay_input.h"
#include "util.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define CLIENTS 16

/* What a client may leave unread before it holds the others up; the kernel's memory, and only while it does. */
#define CLIENT_BUFFER (1 << 20)
/* Enough for what both pipes and both line buffers can hold when the container ends. */
#define CLIENT_BUFFER_AT_END (2 << 20)
#define CLIENT_PATIENCE_MS 5000

/* How often a stream is read in a row while everybody keeps up. */
#define READS_PER_EVENT 16

/* Without a log, more than this goes from pipe to socket without being copied. */
#define SPLICE_LEAST LOG_PIECE
#define SPLICE_MOST (1 << 20)

/*
 * An output stream. `line` holds `kept` bytes of an unfinished line, which were sent before, then `fresh` ones, just
 * read. The log takes whole lines, up to `logged`; the rest is moved to the front when the clients have taken theirs.
 */
struct stream {
    int fd;
    int watched;
    enum frame_type type;
    size_t kept, fresh, logged;
    char *line; /* LOG_PIECE bytes */
};

struct client {
    int fd; /* 0: a free slot; descriptor 0 is /dev/null and never a client */
    int watched;
    unsigned streams; /* of output that it still gets, and STREAM_IN while it may give input */
    bool hung_up;     /* only what it had sent before is of interest */
    bool due;         /* has not taken all of the frame under way */
    size_t sent;      /* of that frame, header included */
};

static char lines[2][LOG_PIECE];
static struct stream streams[2] = {
    {.fd = -1, .watched = -1, .type = FRAME_STDOUT, .line = lines[0]},
    {.fd = -1, .watched = -1, .type = FRAME_STDERR, .line = lines[1]},
};
static struct client clients[CLIENTS];
static int epoll = -1;
static int master = -1; /* of the terminal, as long as the container lives */
static unsigned starter_streams = STREAMS_ALL;

/* A frame on its way to clients; no other is begun before each has taken it. */
static struct {
    struct stream *stream; /* NULL: none */
    uint8_t header[FRAME_HEADER];
    size_t size;  /* of the payload */
    bool spliced; /* the payload is still in the pipe, and one client gets it */
} frame;

/* Says what a descriptor is waited for, -1: nothing, not even a hang-up; `*watched` is what was said last. */
static void watch(int fd, int *watched, uint32_t source, int events)
{
    struct epoll_event event = {.events = (uint32_t)events, .data.u32 = source};
    if (fd < 0 || *watched == events) return;
    epoll_ctl(epoll, events < 0 ? EPOLL_CTL_DEL : *watched < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
    *watched = events;
}

static void watch_client(struct client *client)
{
    uint32_t source = RELAY_CLIENT + (uint32_t)(client - clients);
    bool gives = (client->streams & STREAM_IN) && input_has_room();
    int events = (gives ? EPOLLIN : 0) | (client->due ? EPOLLOUT : 0);
    watch(client->fd, &client->watched, source, client->hung_up && events == 0 ? -1 : events);
}

static void rewatch(void)
{
    for (int i = 0; i < 2; i++) {
        /* Not merely without events: a hang-up would still be reported, again and again. */
        watch(streams[i].fd, &streams[i].watched, RELAY_STDOUT + (uint32_t)i,
              frame.stream != NULL ? -1 : EPOLLIN);
    }
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        if (client->fd != 0) watch_client(client);
    }
    input_watch(epoll, RELAY_STDIN);
}

void relay_expect(unsigned wanted)
{
    starter_streams = wanted;
}

static void make_room(int socket, int size)
{
    if (setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static struct client *free_slot(void)
{
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        if (client->fd == 0) return client;
    }
    return NULL;
}

int relay_has_room(void)
{
    return free_slot() != NULL ? 0 : fail_with(EBUSY);
}

void relay_join(int socket, unsigned wanted)
{
    *free_slot() = (struct client){.fd = socket, .watched = -1, .streams = wanted};
    make_room(socket, CLIENT_BUFFER);
    rewatch();
}

void relay_serve(int epoll_fd, int input, int output, int error, int starter)
{
    bool is_terminal = isatty(output);
    epoll = epoll_fd;
    streams[0].fd = output;
    streams[1].fd = error;
    if (is_terminal) master = fcntl(output, F_DUPFD_CLOEXEC, 0);
    input_open(input, is_terminal, starter_streams & STREAM_IN);
    if (starter >= 0) relay_join(starter, starter_streams);
    rewatch();
}

int relay_resize(unsigned rows, unsigned columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return master < 0 ? fail_with(ENOTTY) : ioctl(master, TIOCSWINSZ, &size);
}

/* Logs the lines among kept and fresh bytes. At the end of the stream the rest is a piece, as with Docker. */
static void log_lines(struct stream *stream, bool at_end)
{
    size_t length = stream->kept + stream->fresh, at = 0;
    size_t searched = stream->kept;
    stream->logged = length;
    if (!log_is_open()) return;
    const char *newline;
    while ((newline = memchr(stream->line + searched, '\n', length - searched)) != NULL) {
        size_t end = (size_t)(newline - stream->line);
        log_append((int)stream->type, stream->line + at, end - at, true);
        at = searched = end + 1;
    }
    if (at < length && (at_end || (at == 0 && length == LOG_PIECE))) {
        log_append((int)stream->type, stream->line + at, length - at, false);
        at = length;
    }
    stream->logged = at;
    log_flush();
}

/* Everybody has what was read: what the log did not take moves to the front. */
static void settle(struct stream *stream)
{
    stream->kept = stream->kept + stream->fresh - stream->logged;
    if (stream->logged > 0 && stream->kept > 0)
        memmove(stream->line, stream->line + stream->logged, stream->kept);
    stream->fresh = stream->logged = 0;
}

static void close_stream(struct stream *stream)
{
    log_lines(stream, true);
    settle(stream);
    watch(stream->fd, &stream->watched, 0, -1);
    close_fd(&stream->fd);
}

static void finish_frame(void)
{
    struct stream *stream = frame.stream;
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        if (client->due) return;
    }
    frame.stream = NULL;
    if (stream != NULL && !frame.spliced) settle(stream);
}

static void drop(struct client *client)
{
    watch(client->fd, &client->watched, 0, -1);
    close(client->fd);
    *client = (struct client){0};
    finish_frame();
}

/* Its input has ended, in whatever way. */
static void end_giving(struct client *client)
{
    client->streams &= ~(unsigned)STREAM_IN;
    if (input_ends_with_client()) relay_close_input();
}

/* It went away: the container lives on. What it had sent before is still for the container. */
static void lose(struct client *client)
{
    client->due = false;
    client->hung_up = true;
    client->streams &= STREAM_IN;
    finish_frame();
    if (client->streams == 0 || !input_is_open()) drop(client);
}

void relay_close_input(void)
{
    input_close(epoll);
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        if (client->fd == 0) continue;
        client->streams &= ~(unsigned)STREAM_IN;
        /* A client that still has input gets EPIPE and stops reading it. */
        shutdown(client->fd, SHUT_RD);
        if (client->hung_up) drop(client);
    }
}

/* One write of what is missing of the frame under way, as write(2) returns. */
static ssize_t send_rest(const struct client *client)
{
    const struct stream *stream = frame.stream;
    size_t header_sent = client->sent < FRAME_HEADER ? client->sent : FRAME_HEADER;
    size_t payload_sent = client->sent - header_sent;
    if (frame.spliced && header_sent == FRAME_HEADER)
        return splice(stream->fd, NULL, client->fd, NULL, frame.size - payload_sent,
                      SPLICE_F_NONBLOCK | SPLICE_F_MOVE | SPLICE_F_MORE);
    struct iovec parts[2] = {
        {frame.header + header_sent, FRAME_HEADER - header_sent},
        {stream->line + stream->kept + payload_sent, frame.spliced ? 0 : frame.size - payload_sent},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(client->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Gives a client as much of the frame under way as it takes. */
static void push(struct client *client)
{
    while (client->due) {
        ssize_t n = send_rest(client);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) {
            lose(client);
            return;
        }
        client->sent += (size_t)n;
        client->due = client->sent < FRAME_HEADER + frame.size;
    }
    finish_frame();
}

static void push_all(void)
{
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        if (client->due) push(client);
    }
    finish_frame();
}

/* Who gets this stream is due; how many those are. */
static unsigned address(const struct stream *stream)
{
    unsigned count = 0;
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        client->due = client->fd != 0 && (client->streams & (1u << stream->type));
        client->sent = 0;
        count += client->due;
    }
    return count;
}

static void begin_frame(struct stream *stream, size_t size, bool spliced)
{
    frame.stream = stream;
    frame.size = size;
    frame.spliced = spliced;
    frame_header(frame.header, stream->type, (uint32_t)size);
    push_all();
}

/* How much there is to pass on without looking at it; 0: it has to be read. */
static size_t splicable(const struct stream *stream, unsigned count)
{
    int available;
    if (count != 1 || master >= 0 || log_is_open() || ioctl(stream->fd, FIONREAD, &available) < 0) return 0;
    return available < SPLICE_LEAST ? 0 : available > SPLICE_MOST ? SPLICE_MOST : (size_t)available;
}

/* Passes some of it on; false when there is nothing to read, or nothing more to come. */
static bool pump(struct stream *stream)
{
    unsigned count = address(stream);
    size_t size = splicable(stream, count);
    if (size > 0) {
        begin_frame(stream, size, true);
        return true;
    }
    ssize_t n = read(stream->fd, stream->line + stream->kept, LOG_PIECE - stream->kept);
    if (n <= 0) {
        for (struct client *client = clients; client < clients + CLIENTS; client++)
            client->due = false;
        if (n < 0 && errno == EINTR) return true;
        if (n < 0 && errno == EAGAIN) return false;
        close_stream(stream); /* of a terminal EIO says that nobody has it open any more */
        return false;
    }
    stream->fresh = (size_t)n;
    log_lines(stream, false);
    begin_frame(stream, (size_t)n, false);
    return true;
}

static void take_input(struct client *client)
{
    switch (input_feed(client->fd)) {
    case INPUT_ENDED:
        end_giving(client);
        break;
    case INPUT_CLOSED:
        relay_close_input();
        break;
    case INPUT_TAKEN:
        return;
    }
    if (client->fd != 0 && client->hung_up) drop(client);
}

static void client_event(struct client *client, uint32_t events)
{
    if ((events & EPOLLOUT) && client->due) push(client);
    if (client->fd == 0) return;
    if ((events & EPOLLIN) && (client->streams & STREAM_IN) && input_has_room())
        take_input(client);
    else if (events & (EPOLLHUP | EPOLLERR))
        lose(client);
}

void relay_event(uint32_t source, uint32_t events)
{
    if (source >= RELAY_CLIENT) {
        struct client *client = &clients[source - RELAY_CLIENT];
        if (client->fd != 0) client_event(client, events);
    } else if (source == RELAY_STDIN) {
        if (!input_event(events)) relay_close_input();
    } else {
        struct stream *stream = &streams[source - RELAY_STDOUT];
        for (int i = 0; i < READS_PER_EVENT && frame.stream == NULL && stream->fd >= 0; i++) {
            if (!pump(stream)) break;
        }
    }
    rewatch();
}

/* Waits for clients that do not read; those that never do are given up. */
static void insist(void)
{
    push_all();
    while (frame.stream != NULL) {
        struct pollfd waiting[CLIENTS];
        for (int i = 0; i < CLIENTS; i++)
            waiting[i] = (struct pollfd){.fd = clients[i].due ? clients[i].fd : -1, .events = POLLOUT};
        bool patient = poll(waiting, CLIENTS, CLIENT_PATIENCE_MS) != 0;
        for (struct client *client = clients; client < clients + CLIENTS; client++) {
            if (!patient && client->due) lose(client);
        }
        push_all();
    }
}

void relay_drain(void)
{
    /* All that is left fits into the sockets now, so that a slow client does not delay the exit record. */
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        if (client->fd != 0) make_room(client->fd, CLIENT_BUFFER_AT_END);
    }
    insist();
    for (int i = 0; i < 2; i++) {
        while (streams[i].fd >= 0 && pump(&streams[i]))
            insist();
        if (streams[i].fd >= 0) close_stream(&streams[i]);
    }
    input_close(epoll);
    close_fd(&master);
    log_close();
}

void relay_send(enum frame_type type, const void *payload, size_t length)
{
    uint8_t bytes[FRAME_HEADER + 1];
    if (length > sizeof bytes - FRAME_HEADER) return;
    frame_header(bytes, type, (uint32_t)length);
    if (length > 0) memcpy(bytes + FRAME_HEADER, payload, length);
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        if (client->fd == 0) continue;
        if (send(client->fd, bytes, FRAME_HEADER + length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) continue;
    }
}

void relay_hang_up(void)
{
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        if (client->fd != 0) drop(client);
    }
}
