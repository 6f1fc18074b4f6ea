/*
 * libdeflate, the fastest inflater that Debian has as a static library, takes nothing but a whole input and a whole
 * output: it is shown both through windows.
 */
#include "unpack/gunzip.h"

#include "base/util.h"
#include "unpack/publish.h"
#include "unpack/window.h"

#include <libdeflate.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>

/* Addresses for more than any archive has. */
#define INPUT_MOST ((size_t)1 << 42)
#define OUTPUT_MOST ((size_t)1 << 45)
#define INPUT_SLOT ((size_t)256 << 10)
#define INPUT_SLOTS 4

/*
 * The last bytes before the end of what is shown may still change: a stored block, of at most 64 KiB, is copied in any order,
 * and words are written ahead.
 */
#define UNSETTLED ((size_t)128 << 10)

/* Words are read ahead of what is decoded: so many bytes behind the end are looked at at most. */
#define READ_AHEAD 16
#define PAGE 4096

enum { EXTRA = 4, NAME = 8, COMMENT = 16, HEADER_CHECK = 2, RESERVED = 0xe0 };

static const char *const damaged = "damaged", *const followed = "followed";

static struct ring *ring;
static struct libdeflate_decompressor *decompressor;
static struct window input, output;

static uint64_t input_read; /* bytes in all */
static bool input_over;
static sigjmp_buf at_the_end;

static uint64_t checked; /* the output of which `check` is */
static uint32_t check;

static size_t read_all(uint8_t *memory, size_t room)
{
    size_t filled = 0;
    while (filled < room && !input_over) {
        ssize_t count = read(STDIN_FILENO, memory + filled, room - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0)
            input_over = true;
        else
            filled += (size_t)count;
    }
    return filled;
}

/* Behind the end of the input there are zeros, but as few as can be: nothing should be made of them. */
static size_t prepare_input(uint8_t *memory)
{
    static bool ended;
    if (ended) siglongjmp(at_the_end, 1);
    size_t filled = read_all(memory, INPUT_SLOT);
    memset(memory + filled, 0, INPUT_SLOT - filled);
    input_read += filled;
    if (!input_over || filled + READ_AHEAD > INPUT_SLOT) return INPUT_SLOT;
    ended = true;
    return (filled + READ_AHEAD + PAGE - 1) / PAGE * PAGE;
}

static void deliver(uint64_t settled)
{
    publish(ring, settled);
    while (checked < settled) {
        size_t piece = ring_piece(checked, settled - checked);
        check = libdeflate_crc32(check, ring->bytes + checked % RING_SIZE, piece);
        checked += piece;
    }
}

static size_t prepare_output(uint8_t *memory)
{
    (void)memory;
    uint64_t next = output.shown;
    if (next > checked + UNSETTLED) deliver(next - UNSETTLED);
    publish_room(ring, next + RING_SLOT);
    return RING_SLOT;
}

static struct window input = {.slot = INPUT_SLOT, .slots = INPUT_SLOTS, .prepare = prepare_input};
static struct window output = {.slot = RING_SLOT, .slots = RING_SLOTS, .prepare = prepare_output};

int gunzip_prepare(struct ring *for_ring)
{
    static struct window *const windows[] = {&input, &output, NULL};
    ring = for_ring;
    output.memory = ring->bytes;
    input.memory =
        mmap(NULL, INPUT_SLOT * INPUT_SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (input.memory == MAP_FAILED) return -1;
    decompressor = libdeflate_alloc_decompressor();
    if (decompressor == NULL) return fail_with(ENOMEM);
    if (window_open(&input, INPUT_MOST) < 0 || window_open(&output, OUTPUT_MOST) < 0) return -1;
    return windows_watch(windows);
}

static bool input_has(uint64_t at)
{
    while (at >= input_read && !input_over)
        window_show(&input);
    return at < input_read;
}

/* The position behind a member's header (2.3); 0: it is none. */
static uint64_t skip_header(uint64_t at)
{
    const uint8_t *header = input.base + at;
    if (header[0] != 0x1f || header[1] != 0x8b || header[2] != 8 || (header[3] & RESERVED) != 0) return 0;
    uint8_t flags = header[3];
    at += 10;
    if (flags & EXTRA) at += 2 + input.base[at] + (input.base[at + 1] << 8);
    for (int strings = ((flags & NAME) != 0) + ((flags & COMMENT) != 0); strings > 0; strings--)
        while (input.base[at++] != '\0')
            continue;
    return flags & HEADER_CHECK ? at + 2 : at;
}

static uint32_t number_at(uint64_t at)
{
    uint32_t number = 0;
    for (int i = 3; i >= 0; i--)
        number = number << 8 | input.base[at + (uint64_t)i];
    return number;
}

/* Unpacks the member at *at, and moves that behind it. */
static bool take_member(uint64_t *at)
{
    size_t read, made;
    uint64_t start = skip_header(*at), before = checked;
    if (start == 0 || !input_has(start)) return false;
    check = 0;
    enum libdeflate_result result =
        libdeflate_deflate_decompress_ex(decompressor, input.base + start, input.size - start,
                                         output.base + before, output.size - before, &read, &made);
    if (result != LIBDEFLATE_SUCCESS) return false;
    deliver(before + made);
    *at = start + read;
    bool right = number_at(*at) == check && number_at(*at + 4) == (uint32_t)made;
    *at += 8;
    return right && (!input_over || *at <= input_read);
}

static const char *take_members(void)
{
    uint64_t at = 0;
    do {
        if (!take_member(&at)) return damaged;
        if (!input_has(at)) return NULL;
    } while (input.base[at] == 0x1f && input_has(at + 1) && input.base[at + 1] == 0x8b);
    return followed;
}

const char *gunzip(void)
{
    return sigsetjmp(at_the_end, 0) == 0 ? take_members() : damaged;
}
