/*
 * The verb `apply DIR gzip|none [--whole | --work W LOWER...]`: unpacks the archive of one layer, and performs file
 * operations confined below DIR. With `--whole` DIR has already what the lower layers have, and what they hide is deleted in
 * it; files that are there are replaced, never written to. TypeScript sees the outline of the archive and decides what is to
 * be done; the records are described in
 * src/storage/layer/LAYERS.md, "The apply stream".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/report.h"
#include "base/verbs.h"
#include "layer/apply.h"
#include "layer/stream.h"
#include "unpack/unpack.h"

#define OPERATIONS_FD 5

static int write_data(struct layer *layer, const uint8_t *bytes, size_t length)
{
    if (layer->file == -1) {
        errno = EBADMSG;
        return -1;
    }
    while (length > 0) {
        ssize_t written = write(layer->file, bytes, length);
        if (written == -1 && errno == EINTR) continue;
        if (written == -1) return -1;
        bytes += written;
        length -= (size_t)written;
    }
    layer->file_has_hole = false;
    return 0;
}

static int write_hole(struct layer *layer, const uint8_t *body, size_t length)
{
    uint64_t size;
    if (layer->file == -1 || length != sizeof size) {
        errno = EBADMSG;
        return -1;
    }
    memcpy(&size, body, sizeof size);
    layer->file_has_hole = true;
    return lseek(layer->file, (off_t)size, SEEK_CUR) == -1 ? -1 : 0;
}

/* The bytes of the file that lie in the archive at a position: `length` of them, u64 both. */
static int write_content(struct layer *layer, const uint8_t *body, size_t length)
{
    uint64_t position, size;
    if (length != sizeof position + sizeof size) {
        errno = EBADMSG;
        return -1;
    }
    memcpy(&position, body, sizeof position);
    memcpy(&size, body + sizeof position, sizeof size);
    while (size > 0) {
        size_t piece = ring_await(&layer->archive, position);
        /* TypeScript learns from the outline that the archive is cut short, and says it better. */
        if (piece == 0) layer->cut_short = true;
        if (piece == 0) return 0;
        if (piece > size) piece = (size_t)size;
        if (write_data(layer, layer->archive.bytes + position % RING_SIZE, piece) == -1) return -1;
        position += piece;
        size -= piece;
        ring_release(&layer->archive, position);
    }
    return 0;
}

static int pass_over(struct layer *layer, const uint8_t *body, size_t length)
{
    uint64_t position;
    if (length != sizeof position) {
        errno = EBADMSG;
        return failed(STAGE_LAYER_STREAM, "");
    }
    memcpy(&position, body, sizeof position);
    ring_release(&layer->archive, position);
    return 0;
}

/* The end of the operations is that of the layer only when all of the archive was there. */
static int end_layer(struct layer *layer)
{
    bool whole = unpack_end(&layer->archive) == 0 && !layer->cut_short;
    errno = ECANCELED;
    return whole ? 1 : failed(STAGE_LAYER_STREAM, "");
}

static int write_some(struct layer *layer, char op, const uint8_t *body, size_t length)
{
    if (op == 'c') return write_content(layer, body, length);
    return op == 'd' ? write_data(layer, body, length) : write_hole(layer, body, length);
}

/* Performs one record. Returns 1 at the end record, -1 after a failure was reported. */
static int perform_record(void *context, char op, const uint8_t *body, size_t length)
{
    struct layer *layer = context;
    struct entry entry;
    if (op == 'c' || op == 'd' || op == 'h') {
        bool written = write_some(layer, op, body, length) == 0;
        return written ? 0 : failed(STAGE_LAYER_WRITE, layer->file_path);
    }
    if (op == 'r') return pass_over(layer, body, length);
    if (finish_file(layer) == -1) return failed(STAGE_LAYER_WRITE, layer->file_path);
    if (op == 'E') return end_layer(layer);
    if (op == 'K') {
        note("checkpoint", "");
        return 0;
    }
    if (read_entry(&entry, body, length) == -1) return failed(STAGE_LAYER_STREAM, "");
    int result;
    enum stage stage = STAGE_LAYER_ENTRY;
    if (op == 'W')
        result = apply_whiteout(layer, entry.path);
    else if (op == 'O')
        result = apply_opaque(layer, entry.path);
    else if (op == 'U')
        result = discard_entry(layer, entry.path);
    else if (op == 'I')
        result = inherit_root(layer, entry.path);
    else
        result = make_entry(layer, op, &entry);
    if (op == 'H') stage = STAGE_LAYER_LINK;
    return result == -1 ? failed(stage, entry.path) : 0;
}

static int open_layer(struct layer *layer, int argc, char **argv)
{
    umask(0);
    layer->upper = open(argv[1], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (layer->upper == -1 || realpath(argv[1], layer->root_path) == NULL)
        return failed(STAGE_LAYER_OPEN, argv[1]);
    layer->root = layer->upper;
    layer->merged = argc == 4;
    if (argc > 4 && mount_overlay(layer, argv[4], argc - 5, argv + 5) == -1)
        return failed(STAGE_LAYER_OVERLAY, argv[1]);
    return keep_needed_capabilities() == -1 ? failed(STAGE_CAPABILITIES, argv[1]) : 0;
}

/* The unpacker may wait for room; it is told in time of what was released. */
static void wake_unpacker(void *context)
{
    struct layer *layer = context;
    ring_wake(&layer->archive);
}

static int apply(struct layer *layer, int argc, char **argv)
{
    const struct stream operations = {
        .fd = OPERATIONS_FD, .perform = perform_record, .before_wait = wake_unpacker, .context = layer};
    if (unpack_start(&layer->archive, argv[2]) == -1) return failed(STAGE_LAYER_STREAM, argv[2]);
    return open_layer(layer, argc, argv) == -1 ? -1 : read_stream(&operations);
}

int apply_main(int argc, char **argv)
{
    static struct layer layer = {.parent = {.fd = -1, .key_length = SIZE_MAX}, .file = -1};
    bool whole = argc == 4 && strcmp(argv[3], "--whole") == 0;
    if (argc != 3 && !whole && !(argc >= 6 && strcmp(argv[3], "--work") == 0)) {
        fputs("usage: apply DIR gzip|none [--whole | --work DIR LOWER...]\n", stderr);
        return 2;
    }
    if (apply(&layer, argc, argv) == -1) {
        report_noted_failure();
        return 1;
    }
    if (parent_leave(&layer) == -1 || syncfs(layer.upper) == -1) {
        failed(STAGE_LAYER_SYNC, argv[1]);
        report_noted_failure();
        return 1;
    }
    return 0;
}
