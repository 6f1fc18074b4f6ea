/*
 * The verb `apply DIR [--work W LOWER...]`: performs the file operations of one layer, confined below DIR. What to do
 * was decided in TypeScript; the records are described in src/storage/layer/LAYERS.md, "The apply stream".
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

/* Performs one record. Returns 1 at the end record, -1 after a failure was reported. */
static int perform_record(void *context, char op, const uint8_t *body, size_t length)
{
    struct layer *layer = context;
    struct entry entry;
    if (op == 'd' || op == 'h') {
        int result = op == 'd' ? write_data(layer, body, length) : write_hole(layer, body, length);
        return result == -1 ? failed(STAGE_LAYER_WRITE, layer->file_path) : 0;
    }
    if (finish_file(layer) == -1) return failed(STAGE_LAYER_WRITE, layer->file_path);
    if (op == 'E') return 1;
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
    if (argc > 2 && mount_overlay(layer, argv[3], argc - 4, argv + 4) == -1)
        return failed(STAGE_LAYER_OVERLAY, argv[1]);
    return keep_needed_capabilities() == -1 ? failed(STAGE_CAPABILITIES, argv[1]) : 0;
}

int apply_main(int argc, char **argv)
{
    static struct layer layer = {.parent = {.fd = -1, .key_length = SIZE_MAX}, .file = -1};
    if (argc != 2 && !(argc >= 5 && strcmp(argv[2], "--work") == 0)) {
        fputs("usage: apply DIR [--work DIR LOWER...]\n", stderr);
        return 2;
    }
    if (open_layer(&layer, argc, argv) == -1 || read_stream(perform_record, &layer) == -1) {
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
