#include "client/foreground.h"

#include "base/util.h"
#include "client/detach_keys.h"
#include "client/explain.h"
#include "client/raw_mode.h"
#include "streams/frames.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct foreground *own;
static bool started;
static bool input_open, input_ended;
static bool detached, hung_up;
static struct detach_keys keys;
static size_t input_sent, input_held; /* of `input`: what the socket did not take yet */
static uint8_t input[65536];

static struct output {
    bool cannot_splice; /* it is not a pipe */
    int error;          /* errno of the first failed write */
} outputs[2];
static char payload[65536];

int connect_control(const char *rundir)
{
    owned_fd directory = open(rundir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    owned_fd control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (directory < 0 || control < 0) return -1;
    /* By way of /proc: the path may be longer than a socket's address. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/ctl", directory);
    if (connect(control, (struct sockaddr *)&address, sizeof address) < 0) return -1;
    return steal_fd(&control);
}

static void tell(void)
{
    static const char line[] = "started\n";
    if (own->told == 0) return;
    ssize_t told = write(own->told, line, sizeof line - 1);
    (void)told; /* who wants to know may have gone */
    close(own->told);
    own->told = 0;
}

void foreground_begin(struct foreground *foreground)
{
    own = foreground;
    own->has_started = started = true;
    tell();
    input_open = (own->options.streams & STREAM_IN) && own->stdin_open;
    keys.options = &own->options;
    if (!own->terminal) return;
    if (own->rundir != NULL && own->proxy.control < 0) own->proxy.control = connect_control(own->rundir);
    if (input_open && raw_mode_enter()) proxy_guard_terminal(own->options.signals);
    proxy_window_size(&own->proxy);
}

/* Reads exactly `size` bytes of a frame; false at the end of the socket. */
static bool receive(void *data, size_t size)
{
    char *at = data;
    while (size > 0) {
        ssize_t n = recv(own->socket, at, size, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

/*
 * Notes that the reader of our output has gone, as with Docker: we end as SIGPIPE would end us, and the container goes
 * on.
 */
static void note_failed_write(struct output *output)
{
    output->error = errno;
    /* Of a socket whose other end was closed with something unread it is a reset. */
    if (errno != EPIPE && errno != ECONNRESET) return;
    raw_mode_leave();
    _exit(128 + SIGPIPE);
}

/* Moves what it can of a payload into a pipe without looking at it; 0: it has to be read, -1: the socket has ended. */
static ssize_t splice_output(int fd, struct output *output, size_t length)
{
    while (!output->cannot_splice && output->error == 0) {
        ssize_t n = splice(own->socket, NULL, fd, NULL, length, SPLICE_F_MOVE | SPLICE_F_MORE);
        if (n > 0) return n;
        if (n == 0) return -1;
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        if (errno == EAGAIN)
            poll(&room, 1, -1); /* somebody made the pipe non-blocking */
        else if (errno == EINVAL)
            output->cannot_splice = true;
        else if (errno != EINTR)
            note_failed_write(output);
    }
    return 0;
}

/*
 * Relays a frame of output. What cannot be written for another reason than a reader who left, such as a full disk, is
 * thrown away until the container ends, which then tells.
 */
static bool relay_output(int fd, size_t length)
{
    struct output *output = &outputs[fd - 1];
    while (length > 0) {
        ssize_t moved = splice_output(fd, output, length);
        if (moved < 0) return false;
        length -= (size_t)moved;
        if (moved > 0) continue;
        size_t n = length < sizeof payload ? length : sizeof payload;
        if (!receive(payload, n)) return false;
        if (output->error == 0 && write_all(fd, payload, n) < 0) note_failed_write(output);
        length -= n;
    }
    return true;
}

/* Output that was lost must not pass for success. */
static int report_lost_output(int code)
{
    static const char *const names[2] = {"output", "error"};
    for (int i = 0; i < 2; i++) {
        if (outputs[i].error == 0) continue;
        dprintf(2, "skiff: cannot write to standard %s: %s\n", names[i], strerror(outputs[i].error));
        if (code == 0) code = EXIT_ENGINE;
    }
    return code;
}

static void end_input(void)
{
    input_open = false;
    shutdown(own->socket, SHUT_WR);
}

/* Gives the socket what it takes; the rest is held until poll says that there is room. */
static void send_input(void)
{
    while (input_sent < input_held) {
        ssize_t n =
            send(own->socket, input + input_sent, input_held - input_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) {
            input_sent = input_held; /* the container closed its stdin */
            end_input();
            return;
        }
        input_sent += (size_t)n;
    }
}

static ssize_t read_input(void)
{
    static uint8_t typed[4096];
    if (!own->terminal || own->options.key_count == 0) return read(0, input, sizeof input);
    ssize_t n = read(0, typed, sizeof typed);
    input_held = n > 0 ? detach_keys_filter(&keys, typed, (size_t)n, input, &detached) : 0;
    return n;
}

static void take_input(void)
{
    ssize_t n = read_input();
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
        input_ended = true;
        hung_up = raw_mode_is_on();
        end_input();
        return;
    }
    input_sent = 0;
    if (!own->terminal || own->options.key_count == 0) input_held = (size_t)n;
    send_input();
}

/* Whether there is something to relay but input, or some reason to. */
static bool has_output(void)
{
    bool wanted = own->options.streams & (STREAM_OUT | STREAM_ERR);
    return wanted && !(own->options.until_input && input_ended);
}

/* Relays input until the other side says something, or we are to leave. */
static void relay_input(void)
{
    while (input_open && !detached) {
        bool holding = input_sent < input_held;
        struct pollfd fds[2] = {
            {.fd = own->socket, .events = (short)(POLLIN | (holding ? POLLOUT : 0))},
            {.fd = holding ? -1 : 0, .events = POLLIN},
        };
        if (poll(fds, 2, -1) < 0) continue;
        if (fds[1].revents & POLLNVAL)
            end_input();
        else if (fds[1].revents != 0)
            take_input();
        if (fds[0].revents & POLLOUT) send_input();
        if (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) return;
    }
}

static enum foreground_end take_failure(struct foreground_result *result, size_t length)
{
    if (length > sizeof result->record || !receive(result->record, length)) return FOREGROUND_LOST;
    result->record_size = length;
    return FOREGROUND_FAILED;
}

static enum foreground_end take_exit(struct foreground_result *result, size_t length)
{
    uint8_t end[FRAME_EXIT_MAX] = {0};
    if (length == 0 || length > sizeof end || !receive(end, length)) return FOREGROUND_LOST;
    result->code = end[0];
    result->oom = end[1] != 0;
    return FOREGROUND_EXITED;
}

/* Frame by frame until one of them ends it. */
static enum foreground_end follow(struct foreground_result *result)
{
    for (;;) {
        uint8_t header[FRAME_HEADER];
        if (started) relay_input();
        if (detached) return FOREGROUND_DETACHED;
        if (hung_up) return FOREGROUND_HUNG_UP;
        if (started && !input_open && !has_output()) return FOREGROUND_LEFT;
        if (!receive(header, sizeof header)) return FOREGROUND_LOST;
        size_t length = frame_length(header);
        switch (header[0]) {
        case FRAME_STDOUT:
        case FRAME_STDERR:
            if (!relay_output(header[0], length)) return FOREGROUND_LOST;
            break;
        case FRAME_STARTED:
            own->has_started = true;
            if (own->until_started) return FOREGROUND_STARTED;
            if (!started) foreground_begin(own);
            break;
        case FRAME_FAILED:
            return take_failure(result, length);
        case FRAME_EXIT:
            return take_exit(result, length);
        default:
            return FOREGROUND_LOST;
        }
    }
}

void say_detached(void)
{
    if (isatty(0)) dprintf(2, "read escape sequence\n");
}

void foreground_follow(struct foreground *foreground, struct foreground_result *result)
{
    own = foreground;
    result->code = 0;
    result->oom = false;
    result->end = follow(result);
    raw_mode_leave();
    if (result->end == FOREGROUND_EXITED) result->code = report_lost_output(result->code);
}
