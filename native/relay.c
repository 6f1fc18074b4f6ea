#include "relay.h"

#include "log.h"
#include "util.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Enough for what both pipes and both line buffers can hold when the container ends. */
#define CLIENT_BUFFER_AT_END (1 << 20)
#define CLIENT_PATIENCE_MS 5000

/*
 * An output stream. What was read waits in `line` until the client took it; then it goes to the log, line by line,
 * and the beginning of an unfinished line stays.
 */
struct stream {
    int fd;
    enum frame_type type;
    size_t kept;  /* bytes of an unfinished line, sent but not logged yet */
    size_t fresh; /* bytes behind them, just read */
    char *line;   /* LOG_PIECE bytes */
};

static char lines[2][LOG_PIECE];
static struct stream streams[2] = {
    {.fd = -1, .type = FRAME_STDOUT, .line = lines[0]},
    {.fd = -1, .type = FRAME_STDERR, .line = lines[1]},
};
static int epoll = -1;
static int client = -1;
static int input = -1;
static bool input_full; /* the pipe has to take before the client may give */

/* A frame on its way to the client. `sent` counts header and payload. */
static struct {
    struct stream *stream; /* NULL: nothing under way */
    uint8_t header[FRAME_HEADER];
    size_t sent;
} sending;

static void watch(int fd, uint32_t source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u32 = source};
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) < 0) epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Says anew what each side is waited for. */
static void rewatch(void)
{
    for (int i = 0; i < 2; i++) {
        if (streams[i].fd < 0) continue;
        /* Not merely without events: a hang-up would still be reported, again and again. */
        if (sending.stream != NULL)
            epoll_ctl(epoll, EPOLL_CTL_DEL, streams[i].fd, NULL);
        else
            watch(streams[i].fd, RELAY_STDOUT + (uint32_t)i, EPOLLIN);
    }
    uint32_t read_client = input >= 0 && !input_full ? EPOLLIN : 0;
    if (client >= 0) watch(client, RELAY_CLIENT, read_client | (sending.stream != NULL ? EPOLLOUT : 0));
    if (input >= 0) watch(input, RELAY_STDIN, input_full ? EPOLLOUT : 0);
}

void relay_serve(int epoll_fd, int input_fd, int output, int error, int client_fd)
{
    epoll = epoll_fd;
    input = input_fd;
    client = client_fd;
    streams[0].fd = output;
    streams[1].fd = error;
    rewatch();
}

/* Logs the lines among kept and fresh bytes. At the end of the stream the rest is a piece, as with Docker. */
static void consume(struct stream *stream, bool at_end)
{
    size_t length = stream->kept + stream->fresh, at = 0;
    size_t searched = stream->kept;
    if (!log_is_open()) {
        stream->kept = stream->fresh = 0;
        return;
    }
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
    stream->kept = length - at;
    stream->fresh = 0;
    if (at > 0) memmove(stream->line, stream->line + at, stream->kept);
    log_flush();
}

static void close_input(void)
{
    close_fd(&input);
    input_full = false;
    /* A client that still has input gets EPIPE and stops reading it. */
    if (client >= 0) shutdown(client, SHUT_RD);
}

static void finish_sending(void)
{
    struct stream *stream = sending.stream;
    sending.stream = NULL;
    consume(stream, false);
}

/* The client went away: the container lives on, its output goes to the log only and its input has ended. */
static void lose_client(void)
{
    close_fd(&client);
    if (input >= 0) close_input();
    if (sending.stream != NULL) finish_sending();
}

/* Gives the client as much of the frame under way as it takes; true when nothing is under way any more. */
static bool push(void)
{
    struct stream *stream = sending.stream;
    while (sending.stream != NULL) {
        size_t total = FRAME_HEADER + stream->fresh;
        size_t header_sent = sending.sent < FRAME_HEADER ? sending.sent : FRAME_HEADER;
        size_t payload_sent = sending.sent - header_sent;
        struct iovec parts[2] = {
            {sending.header + header_sent, FRAME_HEADER - header_sent},
            {stream->line + stream->kept + payload_sent, stream->fresh - payload_sent},
        };
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t n = sendmsg(client, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return false;
        if (n < 0) {
            lose_client();
            return true;
        }
        sending.sent += (size_t)n;
        if (sending.sent == total) finish_sending();
    }
    return true;
}

/* Reads once and passes it on; false when there is nothing to read, or nothing more to come. */
static bool pump(struct stream *stream)
{
    ssize_t n = read(stream->fd, stream->line + stream->kept, LOG_PIECE - stream->kept);
    if (n < 0 && errno == EINTR) return true;
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0) {
        consume(stream, true);
        close_fd(&stream->fd);
        return false;
    }
    stream->fresh = (size_t)n;
    if (client < 0) {
        consume(stream, false);
        return true;
    }
    sending.stream = stream;
    sending.sent = 0;
    frame_header(sending.header, stream->type, (uint32_t)n);
    push();
    return true;
}

/*
 * Moves input from the socket into the pipe without a buffer of our own: what does not fit stays in the socket. When
 * splice has to wait it does not say for which side, so the pipe is asked.
 */
static void feed(void)
{
    ssize_t n = splice(client, NULL, input, NULL, 65536, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (n < 0 && errno == EINTR) return;
    if (n < 0 && errno == EAGAIN) {
        struct pollfd room = {.fd = input, .events = POLLOUT};
        input_full = poll(&room, 1, 0) == 0;
    } else if (n <= 0) {
        close_input();
    }
}

static void client_event(uint32_t events)
{
    if (events & EPOLLOUT) push();
    if (client < 0) return;
    if ((events & EPOLLIN) && input >= 0 && !input_full)
        feed();
    else if (events & (EPOLLHUP | EPOLLERR))
        lose_client();
}

void relay_event(enum relay_source source, uint32_t events)
{
    if (source == RELAY_CLIENT) {
        if (client >= 0) client_event(events);
    } else if (source == RELAY_STDIN) {
        if (events & EPOLLERR)
            close_input();
        else
            input_full = false;
    } else {
        struct stream *stream = &streams[source - RELAY_STDOUT];
        if (stream->fd >= 0 && sending.stream == NULL) pump(stream);
        if (sending.stream == NULL && stream->fd >= 0) return;
    }
    rewatch();
}

/* Waits for a client that does not read; one that never does is given up. */
static void insist(void)
{
    while (client >= 0 && !push()) {
        struct pollfd room = {.fd = client, .events = POLLOUT};
        if (poll(&room, 1, CLIENT_PATIENCE_MS) == 0) lose_client();
    }
}

void relay_drain(void)
{
    int size = CLIENT_BUFFER_AT_END;
    /* All that is left fits into the socket now, so that a slow client does not delay the exit record. */
    if (client >= 0) setsockopt(client, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    insist();
    for (int i = 0; i < 2; i++) {
        while (streams[i].fd >= 0 && pump(&streams[i]))
            insist();
        if (streams[i].fd >= 0) {
            consume(&streams[i], true);
            close_fd(&streams[i].fd);
        }
    }
    close_fd(&input);
    log_close();
}

void relay_send(enum frame_type type, const void *payload, size_t length)
{
    uint8_t frame[FRAME_HEADER + 1];
    if (client < 0 || length > sizeof frame - FRAME_HEADER) return;
    frame_header(frame, type, (uint32_t)length);
    if (length > 0) memcpy(frame + FRAME_HEADER, payload, length);
    if (send(client, frame, FRAME_HEADER + length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
}
