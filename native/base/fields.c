#include "base/fields.h"

#include "base/report.h"
#include "base/util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A file of this size has something wrong: the longest argv and environment of Linux are a few MiB. */
#define FILE_MAX (16 << 20)

int record_invalid(const struct record_format *format, const char *detail)
{
    errno = EINVAL;
    return failed(format->stage, detail);
}

const char *next_field(const char *field)
{
    return field + strlen(field) + 1;
}

int record_read(const struct fields *fields, const struct record_format *format, const char *at,
                struct record *record)
{
    uint64_t count;
    const char *name = at;
    at = next_field(at);
    if (at == fields->end || parse_unsigned(at, 10, &count) < 0) return record_invalid(format, name);
    for (record->op = 0; record->op < format->count; record->op++) {
        if (strcmp(format->kinds[record->op].name, name) == 0) break;
    }
    if (record->op == format->count) return record_invalid(format, name);
    const struct record_kind *kind = &format->kinds[record->op];
    if (count < kind->least || count > kind->most) return record_invalid(format, name);
    record->count = (unsigned)count;
    at = next_field(at);
    for (unsigned i = 0; i < record->count; i++) {
        if (at == fields->end) return record_invalid(format, name);
        if (i < sizeof record->arg / sizeof *record->arg) record->arg[i] = at;
        at = next_field(at);
    }
    record->end = at;
    return 0;
}

static int map(struct fields *fields, const struct record_format *format, const char *path)
{
    struct stat stat;
    if (fstat(fields->fd, &stat) < 0) return failed(format->stage, path);
    if (!S_ISREG(stat.st_mode) || stat.st_size == 0 || stat.st_size > FILE_MAX)
        return record_invalid(format, path);
    if (!is_ours_alone(&stat)) return fail_with(EPERM), failed(format->stage, path);
    size_t size = (size_t)stat.st_size;
    const char *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fields->fd, 0);
    if (data == MAP_FAILED) return failed(format->stage, path);
    fields->data = data;
    fields->end = data + size;
    return data[size - 1] == '\0' ? 0 : record_invalid(format, path);
}

int fields_open(struct fields *fields, const struct record_format *format, const char *path)
{
    *fields = (struct fields){.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (fields->fd < 0) return failed(format->stage, path);
    if (map(fields, format, path) == 0) return 0;
    fields_close(fields);
    return -1;
}

/* The most bytes of records that come from elsewhere. */
#define REPLACED_MAX (64 << 20)

/* Reads to the end into memory that grows: how much; -1 with errno. */
static ssize_t read_whole(int input, char **data)
{
    size_t size = 0, room = 1 << 16;
    if ((*data = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) == MAP_FAILED)
        return -1;
    for (;;) {
        ssize_t n = read(input, *data + size, room - size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? -1 : (ssize_t)size;
        size += (size_t)n;
        if (size < room) continue;
        if (room >= REPLACED_MAX) return fail_with(E2BIG);
        void *more = mremap(*data, room, 2 * room, MREMAP_MAYMOVE);
        if (more == MAP_FAILED) return -1;
        *data = more;
        room *= 2;
    }
}

int fields_replace(struct fields *fields, const struct record_format *format, int input)
{
    char *data;
    ssize_t size = read_whole(input, &data);
    if (size < 0) return failed(format->stage, "standard input");
    if (size == 0 || data[size - 1] != '\0') return record_invalid(format, "standard input");
    munmap((void *)fields->data, (size_t)(fields->end - fields->data));
    fields->data = data;
    fields->end = data + size;
    return 0;
}

void fields_close(struct fields *fields)
{
    if (fields->data != NULL) munmap((void *)fields->data, (size_t)(fields->end - fields->data));
    fields->data = fields->end = NULL;
    close_fd(&fields->fd);
}
