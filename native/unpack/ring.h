/*
 * The unpacked archive on its way from the process that unpacks it to the one that makes files of it: memory that both
 * see, in which a byte lies at its position modulo the size. What is made of it meanwhile decides how far it may go on.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_SLOT ((size_t)1 << 20)
#define RING_SLOTS 8
#define RING_SIZE (RING_SLOT * RING_SLOTS)

/* Positions are those of bytes in the unpacked archive. */
struct ring_progress {
    _Atomic uint64_t filled;   /* what is before it is there */
    _Atomic uint64_t released; /* of content before it nothing is needed any more */
    _Atomic bool over;         /* all of the archive is there, and the writer has ended as it should */
};

struct ring {
    uint8_t *bytes;
    struct ring_progress *progress;
    int filled_event, released_event;
    int writer;             /* the reader's pidfd of the writer */
    uint64_t told_released; /* what the writer was woken for last */
};

int ring_make(struct ring *ring);

/* A piece that lies in memory in one: returns how many of `length` bytes from `position` on do. */
size_t ring_piece(uint64_t position, uint64_t length);

/* The writer's side. ring_await_release() returns when more was released than `known`. */
void ring_fill(struct ring *ring, uint64_t filled, bool over);
void ring_await_release(struct ring *ring, uint64_t known);

/*
 * The reader's side. ring_await() waits for bytes at a position and returns how many there are in one piece; 0: none will
 * come, the archive ended before or its writer died. Whoever waits for something else calls ring_wake() before.
 */
size_t ring_await(struct ring *ring, uint64_t position);
void ring_release(struct ring *ring, uint64_t released);
void ring_wake(struct ring *ring);
