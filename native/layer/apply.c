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

enum {
    RECORD_HEADER = 8,
    ENTRY_FIXED = 40,
    BUFFER_SIZE = 2 << 20, /* the largest record: an entry with a megabyte of attributes */
};

static uint8_t buffer[BUFFER_SIZE];

/* Reads an entry record in place; its strings end in NUL, which is checked. */
static int read_entry(struct entry *entry, const uint8_t *body, size_t length)
{
    uint16_t path_length, target_length;
    uint32_t nanoseconds, major, minor;
    int64_t seconds;
    if (length < ENTRY_FIXED) goto malformed;
    memcpy(&entry->mode, body, 4);
    memcpy(&entry->uid, body + 4, 4);
    memcpy(&entry->gid, body + 8, 4);
    memcpy(&nanoseconds, body + 12, 4);
    memcpy(&seconds, body + 16, 8);
    memcpy(&major, body + 24, 4);
    memcpy(&minor, body + 28, 4);
    memcpy(&path_length, body + 32, 2);
    memcpy(&target_length, body + 34, 2);
    memcpy(&entry->xattr_count, body + 36, 4);
    size_t strings = (size_t)path_length + target_length + 2;
    if (path_length >= PATH_MAX || target_length >= PATH_MAX || length - ENTRY_FIXED < strings)
        goto malformed;
    entry->mode &= 07777;
    entry->mtime = (struct timespec){.tv_sec = seconds, .tv_nsec = nanoseconds};
    entry->device = makedev(major, minor);
    entry->path = (const char *)body + ENTRY_FIXED;
    entry->target = entry->path + path_length + 1;
    entry->xattrs = body + ENTRY_FIXED + strings;
    entry->end = body + length;
    if (strlen(entry->path) == path_length && strlen(entry->target) == target_length) return 0;
malformed:
    errno = EBADMSG;
    return -1;
}

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
static int perform(struct layer *layer, char op, const uint8_t *body, size_t length)
{
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

/* Performs the complete records in the buffer; *used becomes how many bytes they took. */
static int perform_all(struct layer *layer, size_t filled, size_t *used)
{
    *used = 0;
    while (filled - *used >= RECORD_HEADER) {
        const uint8_t *record = buffer + *used;
        uint32_t length;
        memcpy(&length, record, 4);
        if (length > BUFFER_SIZE - RECORD_HEADER) {
            errno = EBADMSG;
            return failed(STAGE_LAYER_STREAM, "");
        }
        if (filled - *used - RECORD_HEADER < length) return 0;
        int result = perform(layer, (char)record[4], record + RECORD_HEADER, length);
        if (result != 0) return result;
        *used += RECORD_HEADER + length;
    }
    return 0;
}

/* Reads records until the end record. An end of input before it means that the owner gave up. */
static int perform_stream(struct layer *layer)
{
    size_t filled = 0;
    for (;;) {
        ssize_t count = read(STDIN_FILENO, buffer + filled, BUFFER_SIZE - filled);
        if (count == -1 && errno == EINTR) continue;
        if (count == -1) return failed(STAGE_LAYER_STREAM, "");
        if (count == 0) {
            errno = ECANCELED;
            return failed(STAGE_LAYER_STREAM, "");
        }
        filled += (size_t)count;
        size_t used;
        int result = perform_all(layer, filled, &used);
        if (result != 0) return result == 1 ? 0 : -1;
        memmove(buffer, buffer + used, filled - used);
        filled -= used;
    }
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
    if (open_layer(&layer, argc, argv) == -1 || perform_stream(&layer) == -1) {
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
