/* An output stream of the container on its way through relay.c: its buffer, and its lines on their way to the log. */
#pragma once

#include "streams/frames.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The buffer holds `kept` bytes of an unfinished line, which the clients have, then `fresh` ones, just read. The log
 * takes whole lines, up to `logged`; the rest is moved to the front when the clients have taken theirs.
 */
struct stream {
    int fd;
    int watched;
    enum frame_type type;
    size_t kept, fresh, logged;
    bool widened;
    char *buffer;
};

/* Standard output and standard error; `fd` is -1 before the first start and after the end. */
extern struct stream relay_streams[2];

/* Bytes that wait in the pipe. It becomes a wide one when it was half full: who writes much then waits less often. */
size_t stream_waiting(struct stream *stream);

/* Reads once what is `fresh` from now on, and logs what it completes; as read(2) returns. */
ssize_t stream_read(struct stream *stream);

/* Returns how much the next read can take. */
size_t stream_room(const struct stream *stream);

/* Reads for the log what the clients have: so many bytes of those that wait, at most stream_room(). */
void stream_log(struct stream *stream, size_t length);

/* Settles what was fresh: everybody has it. */
void stream_settle(struct stream *stream);

/* Closes it; what is left of a line is logged as a piece, as with Docker. */
void stream_close(struct stream *stream);

/* Whether one that has been quiet for a moment has memory to give back, and does so. */
bool streams_hold_memory(void);
void streams_release_memory(void);
