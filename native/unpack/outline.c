#include "unpack/outline.h"

#include "base/util.h"

#include <string.h>

enum {
    BLOCK = 512,
    RECORD_HEADER = 8,
    ROOM = 64 << 10, /* the largest record, and the longest extended header that is looked into */
    STRETCHES = RING_SIZE / (2 * BLOCK) + 1,
};

/* What the next bytes are. */
static enum { HEADER, COPIED, EXTENDED, LEFT_OUT, ALL_COPIED, NOTHING } state;
static uint64_t position, rest; /* `rest` of them to come, padding included */
static int empty_blocks;
static bool
    is_odd; /* an extended header says that the content of the next entry is not as plain as it looks */

static uint8_t out[ROOM];
static size_t used, open_record; /* `open_record`: where the length of the record is that can grow, or used */

/* Content that was left out, until it is released; a queue. */
static struct {
    uint64_t start, end;
} stretches[STRETCHES];
static size_t first_stretch, stretch_count;

void outline_flush(void)
{
    if (used > 0 && write_all(OUTLINE_FD, out, used) < 0) _exit(1);
    used = open_record = 0;
}

static void put_header(char kind, size_t length)
{
    uint32_t length_field = (uint32_t)length;
    memset(out + used, 0, RECORD_HEADER);
    memcpy(out + used, &length_field, sizeof length_field);
    out[used + 4] = (uint8_t)kind;
    used += RECORD_HEADER;
}

static void put(char kind, const void *body, size_t length)
{
    if (used + RECORD_HEADER + length > ROOM) outline_flush();
    put_header(kind, length);
    memcpy(out + used, body, length);
    used += length;
    open_record = used;
}

void outline_end(char kind, const void *body, size_t length)
{
    put(kind, body, length);
    outline_flush();
}

static void put_bytes(const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        if (open_record == used && used + RECORD_HEADER >= ROOM) outline_flush();
        size_t start = open_record;
        if (start == used) put_header('b', 0);
        size_t taken = length < ROOM - used ? length : ROOM - used;
        memcpy(out + used, bytes, taken);
        used += taken;
        uint32_t whole = (uint32_t)(used - start - RECORD_HEADER);
        memcpy(out + start, &whole, sizeof whole);
        bytes += taken;
        length -= taken;
        if (used == ROOM) outline_flush();
    }
}

static void copy_out(const struct ring *ring, uint64_t length)
{
    while (length > 0) {
        size_t piece = ring_piece(position, length);
        put_bytes(ring->bytes + position % RING_SIZE, piece);
        position += piece;
        length -= piece;
    }
}

static uint64_t padded(uint64_t size)
{
    return (size + BLOCK - 1) / BLOCK * BLOCK;
}

/* The size in a header, where it is written as almost everybody does; false: somehow else. */
static bool read_size(const uint8_t *header, uint64_t *size)
{
    const uint8_t *field = header + 124, *end = field + 12;
    while (field < end && (*field == ' ' || *field == '\0'))
        field++;
    for (*size = 0; field < end && *field >= '0' && *field <= '7'; field++)
        *size = *size * 8 + (uint64_t)(*field - '0');
    while (field < end && (*field == ' ' || *field == '\0'))
        field++;
    return field == end;
}

static void leave_out(uint64_t size)
{
    size_t last = (first_stretch + stretch_count++) % STRETCHES;
    stretches[last].start = position;
    stretches[last].end = position + size;
    put('s', &size, sizeof size);
    rest = padded(size);
    state = LEFT_OUT;
}

/* The blocks that follow a header, which was sent. */
static void after_header(uint8_t type, uint64_t size)
{
    bool odd = is_odd || type == 'S';
    bool is_extension = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    bool is_file = type == '0' || type == '\0' || type == '7' || type == 'S';
    if (!is_extension) is_odd = false;
    if (size == 0 || (!is_extension && !is_file)) return;
    if (is_file && !odd) {
        leave_out(size);
        return;
    }
    rest = padded(size);
    state = type != 'x' ? COPIED : rest > ROOM ? ALL_COPIED : EXTENDED;
}

static void read_header(const struct ring *ring)
{
    static const uint8_t zeros[BLOCK];
    uint8_t header[BLOCK];
    uint64_t size;
    memcpy(header, ring->bytes + position % RING_SIZE, BLOCK);
    copy_out(ring, BLOCK);
    if (memcmp(header, zeros, BLOCK) == 0) {
        if (++empty_blocks == 2) state = NOTHING;
        return;
    }
    bool continued = header[156] == 'S' && header[482] != 0;
    if (continued || !read_size(header, &size))
        state = ALL_COPIED;
    else
        after_header(header[156], size);
}

/* An extended header that is there whole: does it say where the content ends, or that there are holes in it? */
static void read_extended(const struct ring *ring)
{
    static uint8_t body[ROOM];
    size_t piece = ring_piece(position, rest);
    memcpy(body, ring->bytes + position % RING_SIZE, piece);
    memcpy(body + piece, ring->bytes, (size_t)rest - piece);
    is_odd = is_odd || memmem(body, (size_t)rest, "GNU.sparse.", 11) != NULL;
    state = memmem(body, (size_t)rest, " size=", 6) != NULL ? ALL_COPIED : HEADER;
    copy_out(ring, rest);
}

static void pass(const struct ring *ring, uint64_t available)
{
    uint64_t taken = available < rest ? available : rest;
    if (state == COPIED)
        copy_out(ring, taken);
    else
        position += taken;
    rest -= taken;
    if (rest == 0) state = HEADER;
}

void outline_advance(const struct ring *ring, uint64_t filled, bool last)
{
    while (position < filled) {
        uint64_t available = filled - position;
        if (state == NOTHING)
            position = filled;
        else if (state == COPIED || state == LEFT_OUT)
            pass(ring, available);
        else if (state == HEADER && available >= BLOCK)
            read_header(ring);
        else if (state == EXTENDED && available >= rest)
            read_extended(ring);
        else if (state == ALL_COPIED || last)
            copy_out(ring, available);
        else
            break;
    }
}

uint64_t outline_needed(const struct ring *ring)
{
    uint64_t released = atomic_load(&ring->progress->released);
    while (stretch_count > 0 && stretches[first_stretch].end <= released) {
        first_stretch = (first_stretch + 1) % STRETCHES;
        stretch_count--;
    }
    if (stretch_count == 0) return position;
    uint64_t start = stretches[first_stretch].start;
    return start > released ? start : released;
}
