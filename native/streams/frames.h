/*
 * What client and monitor say to each other. From the monitor: frames with Docker's header (type, three zero bytes,
 * length in big-endian) over a stream socket. From the client: what it read from stdin, as it is; shutdown(SHUT_WR)
 * ends it. Signals travel beside, one byte each in a pipe, so that a signal handler may send them at any time.
 */
#pragma once

#include <stdint.h>

#define FRAME_HEADER 8
#define FRAME_EXIT_MAX 2

enum frame_type {
    FRAME_STDOUT = 1,
    FRAME_STDERR = 2,
    FRAME_STARTED = 16, /* no payload: execve succeeded */
    FRAME_FAILED = 17,  /* an error record: nothing of the container is left */
    /* The exit code, one byte, then 1 if the kernel killed something of it for want of memory: the teardown is complete. */
    FRAME_EXIT = 18,
};

static inline void frame_header(uint8_t header[FRAME_HEADER], enum frame_type type, uint32_t length)
{
    header[0] = (uint8_t)type;
    header[1] = header[2] = header[3] = 0;
    for (int i = 0; i < 4; i++)
        header[4 + i] = (uint8_t)(length >> (24 - 8 * i));
}

static inline uint32_t frame_length(const uint8_t header[FRAME_HEADER])
{
    return (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 | (uint32_t)header[6] << 8 | header[7];
}
