#include "streams/relay_input.h"

#include "base/util.h"
#include "base/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

static int input = -1;
static int watched = -1;
static bool terminal, ends_with_client;
static bool full; /* the container has to take before a client may give */

/* What a terminal did not take yet: it cannot be spliced to. A pipe needs no buffer. */
static char typed[1024];
static size_t typed_from, typed_to;

void input_open(int fd, bool is_terminal, bool once)
{
    input = fd;
    terminal = is_terminal;
    ends_with_client = once && !is_terminal;
    full = false;
    typed_from = typed_to = 0;
    watched = -1;
}

bool input_ends_with_client(void)
{
    return ends_with_client && input >= 0;
}

bool input_is_open(void)
{
    return input >= 0;
}

bool input_has_room(void)
{
    return input >= 0 && !full;
}

void input_watch(int epoll, uint32_t source)
{
    /* A pipe is watched for nothing, too: its reader may close it. */
    watch(epoll, input, &watched, source, full ? EPOLLOUT : terminal ? -1 : 0);
}

void input_close(int epoll)
{
    watch(epoll, input, &watched, 0, -1);
    close_fd(&input);
    full = false;
}

/* Writes what a terminal takes of what was typed. */
static bool type(void)
{
    while (typed_from < typed_to) {
        ssize_t n = write(input, typed + typed_from, typed_to - typed_from);
        if (n < 0 && errno == EINTR) continue;
        full = n < 0 && errno == EAGAIN;
        if (n < 0) return full;
        typed_from += (size_t)n;
    }
    full = false;
    return true;
}

bool input_event(uint32_t events)
{
    if (input < 0) return true;
    if (events & EPOLLERR) return false;
    if (terminal) return !(events & EPOLLHUP) && type();
    full = false;
    return true;
}

static enum input_result feed_terminal(int client)
{
    ssize_t n = read(client, typed, sizeof typed);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return INPUT_TAKEN;
    if (n <= 0) return INPUT_ENDED;
    typed_from = 0;
    typed_to = (size_t)n;
    return type() ? INPUT_TAKEN : INPUT_CLOSED;
}

/*
 * Moves input from the socket into the pipe without a buffer of our own: what does not fit stays in the socket. When
 * splice has to wait it does not say for which side, so the pipe is asked.
 */
static enum input_result feed_pipe(int client)
{
    ssize_t n = splice(client, NULL, input, NULL, 65536, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (n > 0 || (n < 0 && errno == EINTR)) return INPUT_TAKEN;
    if (n < 0 && errno == EAGAIN) {
        struct pollfd room = {.fd = input, .events = POLLOUT};
        full = poll(&room, 1, 0) == 0;
        return INPUT_TAKEN;
    }
    return n < 0 && errno == EPIPE ? INPUT_CLOSED : INPUT_ENDED;
}

enum input_result input_feed(int client)
{
    return terminal ? feed_terminal(client) : feed_pipe(client);
}
