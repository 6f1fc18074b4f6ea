#include "layer/stream.h"

#include "base/report.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    RECORD_HEADER = 8,
    ENTRY_FIXED = 40,
    BUFFER_SIZE = 2 << 20, /* the largest record: an entry with a megabyte of attributes */
};

static uint8_t buffer[BUFFER_SIZE];

int read_entry(struct entry *entry, const uint8_t *body, size_t length)
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

int next_attribute(const struct entry *entry, const uint8_t **at, struct entry_attribute *attribute)
{
    uint16_t name_length;
    uint32_t value_length;
    const uint8_t *from = *at;
    if (from == entry->end) return 0;
    if (entry->end - from < 8) goto malformed;
    memcpy(&name_length, from, 2);
    memcpy(&attribute->flags, from + 2, 2);
    memcpy(&value_length, from + 4, 4);
    from += 8;
    if ((size_t)(entry->end - from) < (size_t)name_length + 1 + value_length || from[name_length] != '\0')
        goto malformed;
    attribute->name = (const char *)from;
    attribute->value = from + name_length + 1;
    attribute->size = value_length;
    *at = attribute->value + value_length;
    return 1;
malformed:
    errno = EBADMSG;
    return -1;
}

/* Performs the complete records in the buffer; *used becomes how many bytes they took. */
static int perform_all(const struct stream *stream, size_t filled, size_t *used)
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
        int result = stream->perform(stream->context, (char)record[4], record + RECORD_HEADER, length);
        if (result != 0) return result;
        *used += RECORD_HEADER + length;
    }
    return 0;
}

int read_stream(const struct stream *stream)
{
    size_t filled = 0;
    for (;;) {
        if (stream->before_wait != NULL) stream->before_wait(stream->context);
        ssize_t count = read(stream->fd, buffer + filled, BUFFER_SIZE - filled);
        /* Only where signals are heeded they end it. */
        if (count == -1 && errno == EINTR) errno = ECANCELED;
        if (count == -1) return failed(STAGE_LAYER_STREAM, "");
        if (count == 0) {
            errno = ECANCELED;
            return failed(STAGE_LAYER_STREAM, "");
        }
        filled += (size_t)count;
        size_t used;
        int result = perform_all(stream, filled, &used);
        if (result != 0) return result == 1 ? 0 : -1;
        memmove(buffer, buffer + used, filled - used);
        filled -= used;
    }
}
