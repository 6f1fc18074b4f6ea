#include "archive/tar.h"

#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define BLOCK 512
#define BUFFER (1 << 20)

/* Holes that are not worth a line of the map are written as zeros, and so is what has too many. */
#define HOLE_MIN (64 << 10)
#define HOLES_MIN (1 << 20)
#define PIECES_MAX 4096

struct header {
    char name[100], mode[8], owner[8], group[8], size[12], time[12], checksum[8], type, target[100], magic[6],
        version[2], owner_name[32], group_name[32], major[8], minor[8], prefix[155], padding[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

/* The extended records of one entry. */
struct records {
    char *text;
    size_t used, room;
};

static void free_records(struct records *records)
{
    free(records->text);
}

static int flush(struct tar *tar)
{
    if (tar->hash != NULL)
        sha256_add(tar->hash, tar->buffer, tar->used);
    else if (write_all(tar->out, tar->buffer, tar->used) < 0)
        return -1;
    tar->used = 0;
    return 0;
}

static int put(struct tar *tar, const void *bytes, size_t size)
{
    tar->written += size;
    while (size > 0) {
        size_t some = BUFFER - tar->used < size ? BUFFER - tar->used : size;
        memcpy(tar->buffer + tar->used, bytes, some);
        tar->used += some;
        bytes = (const char *)bytes + some;
        size -= some;
        if (tar->used == BUFFER && flush(tar) < 0) return -1;
    }
    return 0;
}

static int put_zeros(struct tar *tar, uint64_t size)
{
    static const char zeros[1 << 14];
    while (size > 0) {
        size_t some = size < sizeof zeros ? (size_t)size : sizeof zeros;
        if (put(tar, zeros, some) < 0) return -1;
        size -= some;
    }
    return 0;
}

static int fill_block(struct tar *tar)
{
    return put_zeros(tar, (BLOCK - tar->written % BLOCK) % BLOCK);
}

int tar_begin(struct tar *tar, int out, struct sha256 *hash)
{
    *tar = (struct tar){.out = out, .hash = hash, .buffer = malloc(BUFFER)};
    return tar->buffer == NULL ? -1 : 0;
}

int tar_end(struct tar *tar, int whole)
{
    int result = whole && (put_zeros(tar, 2 * BLOCK) < 0 || flush(tar) < 0) ? -1 : 0;
    free(tar->buffer);
    return result;
}

/* False when the number has more octal digits than the field. */
static bool set_octal(char *field, size_t size, uint64_t value)
{
    field[size - 1] = '\0';
    for (size_t i = size - 1; i-- > 0; value >>= 3)
        field[i] = (char)('0' + (value & 7));
    return value == 0;
}

static void set_checksum(struct header *header)
{
    unsigned sum = 0;
    memset(header->checksum, ' ', sizeof header->checksum);
    for (const unsigned char *byte = (void *)header; byte < (unsigned char *)(header + 1); byte++)
        sum += *byte;
    set_octal(header->checksum, 7, sum);
}

/* `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
static int add_record(struct records *records, const char *key, const void *value, size_t size)
{
    size_t rest = strlen(key) + size + 3, length = rest + 1;
    char digits[24];
    while ((size_t)snprintf(digits, sizeof digits, "%zu", length) + rest != length)
        length = strlen(digits) + rest;
    if (records->used + length + 1 > records->room) {
        size_t room = (records->used + length + 1) * 2;
        char *grown = realloc(records->text, room);
        if (grown == NULL) return -1;
        records->text = grown;
        records->room = room;
    }
    char *at = records->text + records->used;
    at += sprintf(at, "%zu %s=", length, key);
    memcpy(at, value, size);
    at[size] = '\n';
    records->used += length;
    return 0;
}

static int add_text(struct records *records, const char *key, const char *text)
{
    return add_record(records, key, text, strlen(text));
}

static int add_number(struct records *records, const char *key, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return add_text(records, key, text);
}

/* Seconds since 1970, with as many decimals as it has; before that the fraction counts backwards, too. */
static int add_time(struct records *records, const struct timespec *time)
{
    char text[48];
    long long seconds = time->tv_sec;
    long fraction = time->tv_nsec;
    bool before = seconds < 0;
    if (before && fraction > 0) {
        seconds += 1;
        fraction = 1000000000 - fraction;
    }
    int length =
        snprintf(text, sizeof text, "%s%lld.%09ld", before && seconds == 0 ? "-" : "", seconds, fraction);
    while (text[length - 1] == '0')
        text[--length] = '\0';
    if (text[length - 1] == '.') text[--length] = '\0';
    return add_record(records, "mtime", text, (size_t)length);
}

static int add_attributes(struct records *records, const struct tar_entry *entry)
{
    for (size_t i = 0; i < entry->attribute_count; i++) {
        char key[16 + 256];
        const struct attribute *attribute = &entry->attributes[i];
        snprintf(key, sizeof key, "SCHILY.xattr.%s", attribute->name);
        if (add_record(records, key, attribute->value, attribute->size) < 0) return -1;
    }
    return 0;
}

/* The header of the records: of no interest to anybody, so it is always the same. */
static int put_records(struct tar *tar, const struct records *records)
{
    struct header header = {.name = "PaxHeaders", .type = 'x', .magic = "ustar", .version = {'0', '0'}};
    set_octal(header.mode, sizeof header.mode, 0644);
    set_octal(header.owner, sizeof header.owner, 0);
    set_octal(header.group, sizeof header.group, 0);
    set_octal(header.size, sizeof header.size, records->used);
    set_octal(header.time, sizeof header.time, 0);
    set_checksum(&header);
    if (put(tar, &header, sizeof header) < 0 || put(tar, records->text, records->used) < 0) return -1;
    return fill_block(tar);
}

/* A name that is too long stays as far as it fits, for readers that do not know records. */
static int set_name(struct header *header, struct records *records, const struct tar_entry *entry)
{
    const char *slash = entry->type == '5' ? "/" : "";
    size_t length = strlen(entry->path) + strlen(slash);
    char *name = malloc(length + 1);
    if (name == NULL) return -1;
    sprintf(name, "%s%s", entry->path, slash);
    memcpy(header->name, name, length < sizeof header->name ? length : sizeof header->name);
    int result = length > sizeof header->name ? add_record(records, "path", name, length) : 0;
    free(name);
    return result;
}

static int set_target(struct header *header, struct records *records, const char *target)
{
    if (target == NULL) return 0;
    size_t length = strlen(target);
    memcpy(header->target, target, length < sizeof header->target ? length : sizeof header->target);
    return length > sizeof header->target ? add_text(records, "linkpath", target) : 0;
}

static int set_numbers(struct header *header, struct records *records, const struct stat *stat, uint64_t size)
{
    set_octal(header->mode, sizeof header->mode, stat->st_mode & 07777);
    if (!set_octal(header->owner, sizeof header->owner, stat->st_uid) &&
        add_number(records, "uid", stat->st_uid) < 0)
        return -1;
    if (!set_octal(header->group, sizeof header->group, stat->st_gid) &&
        add_number(records, "gid", stat->st_gid) < 0)
        return -1;
    if (!set_octal(header->size, sizeof header->size, size) && add_number(records, "size", size) < 0)
        return -1;
    bool fits = stat->st_mtim.tv_nsec == 0 && stat->st_mtim.tv_sec >= 0;
    if (!set_octal(header->time, sizeof header->time,
                   stat->st_mtim.tv_sec < 0 ? 0 : (uint64_t)stat->st_mtim.tv_sec))
        fits = false;
    return fits ? 0 : add_time(records, &stat->st_mtim);
}

/* `size`: of what follows the header. `records` may have some already. */
static int put_header(struct tar *tar, struct records *records, const struct tar_entry *entry, uint64_t size)
{
    struct header header = {.type = entry->type, .magic = "ustar", .version = {'0', '0'}};
    if (set_name(&header, records, entry) < 0 || set_target(&header, records, entry->target) < 0 ||
        set_numbers(&header, records, &entry->stat, size) < 0 || add_attributes(records, entry) < 0)
        return -1;
    if (entry->type == '3' || entry->type == '4') {
        set_octal(header.major, sizeof header.major, major(entry->stat.st_rdev));
        set_octal(header.minor, sizeof header.minor, minor(entry->stat.st_rdev));
    }
    set_checksum(&header);
    if (records->used > 0 && put_records(tar, records) < 0) return -1;
    return put(tar, &header, sizeof header);
}

int tar_put(struct tar *tar, const struct tar_entry *entry)
{
    owned(free_records) struct records records = {0};
    return put_header(tar, &records, entry, 0);
}

int tar_put_bytes(struct tar *tar, const struct tar_entry *entry, const void *bytes, size_t size)
{
    owned(free_records) struct records records = {0};
    if (put_header(tar, &records, entry, size) < 0 || put(tar, bytes, size) < 0) return -1;
    return fill_block(tar);
}

/* Where there is data in a file, as lseek(2) tells. */
struct pieces {
    struct {
        uint64_t at, size;
    } piece[PIECES_MAX];
    size_t count;
    uint64_t size; /* of all data */
};

/* Adds data, together with what is before it when the hole between them is small. */
static bool add_piece(struct pieces *pieces, uint64_t at, uint64_t end)
{
    size_t last = pieces->count - 1;
    uint64_t before = pieces->count == 0 ? 0 : pieces->piece[last].at + pieces->piece[last].size;
    if (pieces->count > 0 && at < end && at - before < HOLE_MIN) {
        pieces->size += end - before;
        pieces->piece[last].size = end - pieces->piece[last].at;
        return true;
    }
    if (pieces->count == PIECES_MAX) return false;
    pieces->piece[pieces->count].at = at;
    pieces->piece[pieces->count++].size = end - at;
    pieces->size += end - at;
    return true;
}

/* False when the file has no holes to speak of, too many pieces, or a file system that does not tell. */
static bool find_pieces(int content, uint64_t size, struct pieces *pieces)
{
    pieces->count = 0;
    pieces->size = 0;
    for (off_t at = 0; at < (off_t)size;) {
        off_t data = lseek(content, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;
        off_t hole = data < 0 ? -1 : lseek(content, data, SEEK_HOLE);
        if (hole < 0) return false;
        if (hole > (off_t)size) hole = (off_t)size;
        if (data < hole && !add_piece(pieces, (uint64_t)data, (uint64_t)hole)) return false;
        at = hole;
    }
    /* A hole at the end is told by an empty piece there. */
    return size - pieces->size >= HOLES_MIN && add_piece(pieces, size, size);
}

static int put_content(struct tar *tar, int content, off_t at, uint64_t size)
{
    while (size > 0) {
        size_t some = BUFFER - tar->used < size ? BUFFER - tar->used : (size_t)size;
        ssize_t n = pread(content, tar->buffer + tar->used, some, at);
        if (n < 0) return -1;
        if (n == 0) return put_zeros(tar, size);
        tar->used += (size_t)n;
        tar->written += (size_t)n;
        at += n;
        size -= (size_t)n;
        if (tar->used == BUFFER && flush(tar) < 0) return -1;
    }
    return 0;
}

/* GNU's sparse format 1.0: records say so, the content begins with the map, as lines, filled up to a block. */
static int put_sparse(struct tar *tar, const struct tar_entry *entry, int content,
                      const struct pieces *pieces)
{
    owned(free_records) struct records records = {0};
    owned(free_records) struct records map = {.text = malloc((pieces->count + 1) * 42)};
    if (map.text == NULL) return -1;
    map.used = (size_t)sprintf(map.text, "%zu\n", pieces->count);
    for (size_t i = 0; i < pieces->count; i++)
        map.used +=
            (size_t)sprintf(map.text + map.used, "%llu\n%llu\n", (unsigned long long)pieces->piece[i].at,
                            (unsigned long long)pieces->piece[i].size);
    uint64_t size = (map.used + BLOCK - 1) / BLOCK * BLOCK + pieces->size;
    if (add_text(&records, "GNU.sparse.major", "1") < 0 || add_text(&records, "GNU.sparse.minor", "0") < 0 ||
        add_text(&records, "GNU.sparse.name", entry->path) < 0 ||
        add_number(&records, "GNU.sparse.realsize", (uint64_t)entry->stat.st_size) < 0 ||
        put_header(tar, &records, entry, size) < 0 || put(tar, map.text, map.used) < 0 || fill_block(tar) < 0)
        return -1;
    for (size_t i = 0; i < pieces->count; i++) {
        if (put_content(tar, content, (off_t)pieces->piece[i].at, pieces->piece[i].size) < 0) return -1;
    }
    return fill_block(tar);
}

int tar_put_file(struct tar *tar, const struct tar_entry *entry, int content)
{
    static struct pieces pieces;
    owned(free_records) struct records records = {0};
    uint64_t size = (uint64_t)entry->stat.st_size;
    /* Only a file with fewer blocks than bytes can have holes. */
    if ((uint64_t)entry->stat.st_blocks * 512 < size && find_pieces(content, size, &pieces))
        return put_sparse(tar, entry, content, &pieces);
    if (put_header(tar, &records, entry, size) < 0 || put_content(tar, content, 0, size) < 0) return -1;
    return fill_block(tar);
}
