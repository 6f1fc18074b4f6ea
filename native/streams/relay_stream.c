#include "streams/relay_stream.h"

#include "base/util.h"
#include "log/log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define PAGE 4096
#define BUFFER (2 * LOG_PIECE)

#define PIPE_USUAL 65536
#define PIPE_WIDE (256 << 10)

static _Alignas(PAGE) char buffers[2][BUFFER];
struct stream relay_streams[2] = {
    {.fd = -1, .watched = -1, .type = FRAME_STDOUT, .buffer = buffers[0]},
    {.fd = -1, .watched = -1, .type = FRAME_STDERR, .buffer = buffers[1]},
};

/*
 * Widens a pipe that was half full; not before, as an unused slot of a pipe takes memory of the kernel, too. Refused,
 * or for a terminal, nothing is lost.
 */
static void widen(struct stream *stream, size_t seen)
{
    if (seen < PIPE_USUAL / 2 || stream->widened) return;
    stream->widened = true;
    fcntl(stream->fd, F_SETPIPE_SZ, PIPE_WIDE);
}

static bool burst; /* a buffer has more memory than what comes now and then needs */

size_t stream_waiting(struct stream *stream)
{
    int waiting;
    if (ioctl(stream->fd, FIONREAD, &waiting) < 0) return 0;
    widen(stream, (size_t)waiting);
    return (size_t)waiting;
}

/* Logs the lines among kept and fresh bytes, long ones in pieces of LOG_PIECE; less than a piece is left. */
static void log_lines(struct stream *stream)
{
    char *at = stream->buffer, *searched = at + stream->kept, *end = searched + stream->fresh;
    while (searched < end) {
        char *newline = memchr(searched, '\n', (size_t)(end - searched));
        char *line_end = newline != NULL ? newline : end;
        for (; line_end - at >= LOG_PIECE; at += LOG_PIECE)
            log_append((int)stream->type, at, LOG_PIECE, false);
        if (newline != NULL) log_append((int)stream->type, at, (size_t)(newline - at), true);
        if (newline != NULL) at = newline + 1;
        searched = newline != NULL ? at : end;
    }
    stream->logged = (size_t)(at - stream->buffer);
    log_flush();
}

size_t stream_room(const struct stream *stream)
{
    return BUFFER - stream->kept;
}

static ssize_t take(struct stream *stream, size_t most)
{
    ssize_t n = read(stream->fd, stream->buffer + stream->kept, most);
    if (n <= 0) return n;
    stream->fresh = (size_t)n;
    size_t length = stream->kept + stream->fresh;
    burst |= length > PAGE;
    if (length == BUFFER) widen(stream, PIPE_USUAL);
    if (log_is_open())
        log_lines(stream);
    else
        stream->logged = length;
    return n;
}

ssize_t stream_read(struct stream *stream)
{
    return take(stream, stream_room(stream));
}

void stream_settle(struct stream *stream)
{
    stream->kept = stream->kept + stream->fresh - stream->logged;
    if (stream->logged > 0 && stream->kept > 0)
        memmove(stream->buffer, stream->buffer + stream->logged, stream->kept);
    stream->fresh = stream->logged = 0;
}

void stream_log(struct stream *stream, size_t length)
{
    for (ssize_t n; length > 0 && (n = take(stream, length)) > 0; length -= (size_t)n)
        stream_settle(stream);
}

void stream_close(struct stream *stream)
{
    if (stream->kept > 0) {
        log_append((int)stream->type, stream->buffer, stream->kept, false);
        log_flush();
    }
    stream->kept = 0;
    stream->widened = false;
    close_fd(&stream->fd);
}

bool streams_hold_memory(void)
{
    return burst;
}

void streams_release_memory(void)
{
    for (struct stream *stream = relay_streams; burst && stream < relay_streams + 2; stream++) {
        size_t needed = (stream->kept + stream->fresh + PAGE - 1) / PAGE * PAGE;
        madvise(stream->buffer + needed, BUFFER - needed, MADV_DONTNEED);
    }
    burst = false;
}
