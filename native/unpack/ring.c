#include "unpack/ring.h"

#include "base/util.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

/* The writer is woken when so much was released. */
#define WAKE_EVERY (RING_SIZE / 16)

static void *shared_memory(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

int ring_make(struct ring *ring)
{
    *ring = (struct ring){.writer = -1};
    ring->bytes = shared_memory(RING_SIZE);
    ring->progress = shared_memory(sizeof *ring->progress);
    ring->filled_event = eventfd(0, EFD_CLOEXEC);
    ring->released_event = eventfd(0, EFD_CLOEXEC);
    bool made = ring->bytes != MAP_FAILED && ring->progress != MAP_FAILED && ring->filled_event >= 0 &&
                ring->released_event >= 0;
    return made ? 0 : -1;
}

size_t ring_piece(uint64_t position, uint64_t length)
{
    size_t rest = RING_SIZE - (size_t)(position % RING_SIZE);
    return length < rest ? (size_t)length : rest;
}

static void wake(int event)
{
    uint64_t one = 1;
    while (write(event, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

static void sleep_until_woken(int event)
{
    uint64_t count;
    while (read(event, &count, sizeof count) < 0 && errno == EINTR)
        continue;
}

void ring_fill(struct ring *ring, uint64_t filled, bool over)
{
    atomic_store(&ring->progress->filled, filled);
    if (over) atomic_store(&ring->progress->over, true);
    wake(ring->filled_event);
}

void ring_await_release(struct ring *ring, uint64_t known)
{
    while (atomic_load(&ring->progress->released) <= known)
        sleep_until_woken(ring->released_event);
}

size_t ring_await(struct ring *ring, uint64_t position)
{
    struct pollfd events[] = {{ring->filled_event, POLLIN, 0}, {ring->writer, POLLIN, 0}};
    bool ended = false;
    for (;;) {
        uint64_t filled = atomic_load(&ring->progress->filled);
        if (filled > position) return ring_piece(position, filled - position);
        if (ended) return 0;
        /* What it had announced before it ended is there, whichever of the two is seen first. */
        ended = atomic_load(&ring->progress->over);
        if (ended) continue;
        ring_wake(ring);
        if (poll(events, 2, -1) < 0) continue;
        if (events[0].revents != 0)
            sleep_until_woken(ring->filled_event);
        else
            ended = events[1].revents != 0;
    }
}

void ring_release(struct ring *ring, uint64_t released)
{
    atomic_store(&ring->progress->released, released);
    if (released - ring->told_released >= WAKE_EVERY) ring_wake(ring);
}

void ring_wake(struct ring *ring)
{
    uint64_t released = atomic_load(&ring->progress->released);
    if (released == ring->told_released) return;
    ring->told_released = released;
    wake(ring->released_event);
}
