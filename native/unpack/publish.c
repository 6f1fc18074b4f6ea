#include "unpack/publish.h"

#include "base/sha256.h"
#include "unpack/outline.h"

#include <string.h>

static struct sha256 sha;
static uint64_t published;

static void hash(const struct ring *ring, uint64_t to)
{
    if (published == 0) sha256_begin(&sha);
    while (published < to) {
        size_t piece = ring_piece(published, to - published);
        sha256_add(&sha, ring->bytes + published % RING_SIZE, piece);
        published += piece;
    }
}

void publish(struct ring *ring, uint64_t filled)
{
    /* First of all: the outline may have to wait for whoever waits for these bytes. */
    ring_fill(ring, filled, false);
    outline_advance(ring, filled, false);
    outline_flush();
    hash(ring, filled);
}

void publish_room(struct ring *ring, uint64_t end)
{
    while (outline_needed(ring) + RING_SIZE < end)
        ring_await_release(ring, outline_needed(ring));
}

void publish_end(struct ring *ring)
{
    struct {
        uint64_t size;
        uint8_t digest[SHA256_SIZE];
    } end = {.size = published};
    hash(ring, published);
    sha256_end(&sha, end.digest);
    outline_advance(ring, published, true);
    ring_fill(ring, published, true);
    outline_end('e', &end, sizeof end);
}

void publish_failure(struct ring *ring, const char *reason)
{
    ring_fill(ring, published, false);
    outline_end('f', reason, strlen(reason));
}
