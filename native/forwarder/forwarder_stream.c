#include "forwarder/forwarder_stream.h"

#include "base/util.h"
#include "forwarder/forwarder_events.h"
#include "forwarder/forwarder_pipe.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { CLIENT, SERVER };

/*
 * Less than this is copied, which costs less than to move pages. It must fit into the smallest pipe: two pages, when the
 * user has many.
 */
#define COPY_MOST 8192

/* Moved at once, and how often in a row before the others get their turn. */
#define SPLICE_MOST (1 << 20)
#define TURN 16

/* One direction of a connection: what comes from one side and goes to the other. */
struct way {
    struct pipe pipe; /* only while something is under way in it, or much may come */
    size_t kept;      /* bytes in the pipe */
    bool bulk;        /* much came last time */
    bool waits;       /* the receiver takes no more now */
    bool ended, told; /* the sender said that it was all, and the receiver heard of it */
};

struct forwarded_stream {
    int fd[2];
    struct way way[2]; /* from that side */
    bool connecting;
    bool dead;
    unsigned next; /* of a list of free or dead ones */
};

#define NO_STREAM UINT32_MAX

static struct forwarded_stream *streams;
static unsigned count, free_ones = NO_STREAM, dead_ones = NO_STREAM;
static int epoll;

int streams_prepare(int own_epoll, unsigned most)
{
    epoll = own_epoll;
    streams = calloc(most, sizeof *streams);
    if (streams == NULL) return -1;
    for (unsigned i = most; i-- > 0; free_ones = i)
        streams[i].next = free_ones;
    return 0;
}

unsigned streams_count(void)
{
    return count;
}

static int control(int operation, unsigned number, int side)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data.u64 = event_data(side == CLIENT ? EVENT_CLIENT : EVENT_SERVER, number),
    };
    return epoll_ctl(epoll, operation, streams[number].fd[side], &event);
}

static void end(unsigned number)
{
    struct forwarded_stream *stream = &streams[number];
    for (int side = CLIENT; side <= SERVER; side++) {
        pipe_give_back(&stream->way[side].pipe, stream->way[side].kept);
        close_fd(&stream->fd[side]);
    }
    stream->dead = true;
    stream->next = dead_ones;
    dead_ones = number;
    count--;
}

/* Neither side may take it for a proper end. */
static void set_reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void break_off(unsigned number)
{
    set_reset(streams[number].fd[CLIENT]);
    set_reset(streams[number].fd[SERVER]);
    end(number);
}

bool streams_settle(void)
{
    bool any = dead_ones != NO_STREAM;
    while (dead_ones != NO_STREAM) {
        unsigned number = dead_ones;
        dead_ones = streams[number].next;
        streams[number].next = free_ones;
        free_ones = number;
    }
    return any;
}

/* A socket that is on its way to the target. */
static int connect_to(const union address *target)
{
    int yes = 1;
    if (target->family == AF_UNSPEC) return fail_with(ECONNREFUSED);
    owned_fd fd = socket(target->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd < 0) return -1;
    /* What one side sent in pieces arrives in pieces. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    if (connect(fd, &target->any, address_size(target)) < 0 && errno != EINPROGRESS) return -1;
    return steal_fd(&fd);
}

static enum stream_accepted refusal(void)
{
    switch (errno) {
    case EAGAIN:
        return STREAM_NONE;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return STREAM_FULL;
    default:
        return STREAM_ACCEPTED; /* it was gone, or the network told of an error of its own (accept(2)) */
    }
}

enum stream_accepted stream_accept(int listener, const union address *target)
{
    unsigned number = free_ones;
    if (number == NO_STREAM) return STREAM_FULL;
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return refusal();
    int server = connect_to(target);
    if (server < 0) {
        set_reset(client);
        close(client);
        return STREAM_ACCEPTED;
    }
    free_ones = streams[number].next;
    streams[number] = (struct forwarded_stream){
        .fd = {client, server}, .way = {{.pipe = NO_PIPE}, {.pipe = NO_PIPE}}, .connecting = true};
    count++;
    if (control(EPOLL_CTL_ADD, number, SERVER) < 0) break_off(number);
    return STREAM_ACCEPTED;
}

/* The outcome of a step of a way. */
enum outcome { MOVED, WAITS, FAILED };

static enum outcome blocked(void)
{
    return errno == EAGAIN ? WAITS : FAILED;
}

static enum outcome empty_pipe(struct way *way, int to)
{
    ssize_t n = splice(way->pipe.out, NULL, to, NULL, way->kept, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n < 0) {
        way->waits = errno == EAGAIN;
        return blocked();
    }
    way->kept -= (size_t)n;
    return n > 0 ? MOVED : FAILED;
}

/* Moves what is there through the pipe, which keeps what the receiver does not take now. */
static enum outcome copy(struct way *way, int from, int to)
{
    static char buffer[COPY_MOST];
    ssize_t size = recv(from, buffer, sizeof buffer, 0);
    if (size < 0) return blocked();
    way->ended = size == 0;
    way->bulk = size == sizeof buffer;
    ssize_t sent = size == 0 ? 0 : send(to, buffer, (size_t)size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return FAILED;
    if (sent < 0) sent = 0;
    if (sent == size) return MOVED;
    way->kept = (size_t)(size - sent);
    if (pipe_take(&way->pipe) < 0) return FAILED;
    return write(way->pipe.in, buffer + sent, way->kept) == (ssize_t)way->kept ? MOVED : FAILED;
}

static enum outcome fill_pipe(struct way *way, int from)
{
    if (pipe_take(&way->pipe) < 0) return FAILED;
    ssize_t n = splice(from, NULL, way->pipe.in, NULL, SPLICE_MOST, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n < 0) {
        way->bulk = false;
        return blocked();
    }
    way->ended = n == 0;
    way->kept = (size_t)n;
    return MOVED;
}

static enum outcome step(struct way *way, int from, int to)
{
    if (way->kept > 0) return empty_pipe(way, to);
    if (way->ended) {
        way->told = true;
        return shutdown(to, SHUT_WR) < 0 ? FAILED : WAITS;
    }
    return way->bulk ? fill_pipe(way, from) : copy(way, from, to);
}

/* Moves what one side has sent to the other. False: the connection is broken. */
static bool move(unsigned number, int side)
{
    struct way *way = &streams[number].way[side];
    int from = streams[number].fd[side], to = streams[number].fd[!side];
    enum outcome outcome = MOVED;
    if (way->told) return true;
    way->waits = false;
    for (int turn = 0; turn < TURN && outcome == MOVED; turn++)
        outcome = step(way, from, to);
    if (outcome == WAITS && way->kept == 0) pipe_give_back(&way->pipe, 0);
    if (outcome != MOVED) return outcome == WAITS;
    /* Events come at changes only: this asks for one more, when the receiver has room. */
    way->waits = true;
    return control(EPOLL_CTL_MOD, number, !side) == 0;
}

/* The client is not looked at before: what it sends waits in its socket. */
static bool connected(unsigned number)
{
    struct forwarded_stream *stream = &streams[number];
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(stream->fd[SERVER], SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0) return false;
    stream->connecting = false;
    return control(EPOLL_CTL_ADD, number, CLIENT) == 0;
}

void stream_event(unsigned number, int side, uint32_t events)
{
    struct forwarded_stream *stream = &streams[number];
    if (stream->dead) return;
    bool lives = !stream->connecting || connected(number);
    /* After its end a sender has nothing more to say than that the connection is broken. */
    if (stream->way[side].told && (events & (EPOLLERR | EPOLLHUP))) lives = false;
    if (lives && (events & ~(uint32_t)EPOLLOUT)) lives = move(number, side);
    if (lives && (events & EPOLLOUT) && stream->way[!side].waits) lives = move(number, !side);
    if (!lives)
        break_off(number);
    else if (stream->way[CLIENT].told && stream->way[SERVER].told)
        end(number);
}
