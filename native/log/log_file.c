/* Drivers json-file and local: lines of JSON as Docker's json-file has them. */
#include "base/json_string.h"
#include "base/util.h"
#include "log/log_driver.h"
#include "log/log_rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096
#define BUFFER 16384

static _Alignas(PAGE) char buffer[BUFFER];

static struct {
    const struct plan *plan;
    int fd;            /* -1: it could not be opened again after a rotation */
    int64_t size;      /* of the file, without what is still in the buffer */
    int64_t whole;     /* how much of the file is whole entries */
    int64_t entry_end; /* where the last whole entry ends, in the file or in the buffer */
    bool lost;         /* the current entry could not be written: its rest is dropped too */
    char *attributes;  /* `,"attrs":{...}`, or nothing */
    size_t attributes_length;
    size_t used; /* of the buffer */
    bool burst;  /* more than a page of the buffer is memory */
} journal = {.fd = -1};

static int open_file(void)
{
    struct stat stat;
    journal.fd = open(journal.plan->log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (journal.fd < 0 || fstat(journal.fd, &stat) < 0) return -1;
    journal.size = journal.whole = journal.entry_end = stat.st_size;
    return 0;
}

static bool write_buffer(void)
{
    struct stat stat;
    bool kept = true;
    journal.burst |= journal.used > PAGE;
    if (journal.fd >= 0 && write_all(journal.fd, buffer, journal.used) == 0) {
        journal.size += (int64_t)journal.used;
        journal.whole = journal.entry_end;
    } else {
        /* Half an entry would make the next one unreadable too. Somebody may have made the file shorter meanwhile. */
        if (journal.fd >= 0 && fstat(journal.fd, &stat) == 0 &&
            (stat.st_size <= journal.whole || ftruncate(journal.fd, journal.whole) == 0))
            journal.size = journal.entry_end = journal.whole;
        kept = false;
    }
    journal.used = 0;
    return kept;
}

static void flush(void)
{
    if (journal.used > 0) write_buffer();
}

static void put(const char *text, size_t length)
{
    while (length > 0 && !journal.lost) {
        size_t room = BUFFER - journal.used;
        size_t n = length < room ? length : room;
        memcpy(buffer + journal.used, text, n);
        journal.used += n;
        text += n;
        length -= n;
        if (journal.used == BUFFER) journal.lost = !write_buffer();
    }
}

static void put_json_string(const char *text, size_t length)
{
    while (length > 0 && !journal.lost) {
        if (BUFFER - journal.used < JSON_UNIT) journal.lost = !write_buffer();
        journal.used += encode_json_string(buffer + journal.used, BUFFER - journal.used, &text, &length);
    }
}

/* RFC3339Nano of Go: the fraction without its trailing zeros. Lines come by the thousand in one second. */
static void put_time(const struct timespec *time)
{
    static time_t second = -1;
    static char text[sizeof "2006-01-02T15:04:05.999999999Z"];
    static const size_t whole = sizeof "2006-01-02T15:04:05" - 1;
    if (time->tv_sec != second) {
        struct tm utc;
        second = time->tv_sec;
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&second, &utc));
    }
    size_t length = whole + 10;
    uint32_t rest = (uint32_t)time->tv_nsec;
    for (size_t i = length; i-- > whole + 1;) {
        /* A tenth of it: division takes several times as long. */
        uint32_t tenth = (uint32_t)((uint64_t)rest * 0xcccccccd >> 35);
        text[i] = (char)('0' + (rest - 10 * tenth));
        rest = tenth;
    }
    text[whole] = '.';
    while (text[length - 1] == '0')
        length--;
    if (length == whole + 1) length = whole;
    text[length++] = 'Z';
    put(text, length);
}

static size_t encode_attribute(char *out, const char *before, const char *key, const char *value)
{
    size_t length = strlen(before), key_length = strlen(key), value_length = strlen(value);
    memcpy(out, before, length);
    length += encode_json_string(out + length, SIZE_MAX, &key, &key_length);
    memcpy(out + length, "\":\"", 3);
    length += 3;
    return length + encode_json_string(out + length, SIZE_MAX, &value, &value_length);
}

/* The most that all attributes can take. */
static size_t attributes_size(void)
{
    struct record record = {.end = NULL};
    size_t size = 2;
    while (plan_next(journal.plan, SECTION_GENERAL, &record)) {
        if (record.op == OP_LOG_ATTRIBUTE)
            size +=
                sizeof ",\"attrs\":{\"\":\"" + JSON_UNIT * (strlen(record.arg[0]) + strlen(record.arg[1]));
    }
    return size;
}

/* Encodes the attributes once: they are the same in every line. */
static int encode_attributes(void)
{
    struct record record = {.end = NULL};
    const char *before = ",\"attrs\":{\"";
    size_t length = 0;
    free(journal.attributes);
    journal.attributes = malloc(attributes_size());
    if (journal.attributes == NULL) return -1;
    while (plan_next(journal.plan, SECTION_GENERAL, &record)) {
        if (record.op != OP_LOG_ATTRIBUTE) continue;
        length += encode_attribute(journal.attributes + length, before, record.arg[0], record.arg[1]);
        before = "\",\"";
    }
    if (length > 0) memcpy(journal.attributes + length, "\"}", 2);
    journal.attributes_length = length > 0 ? length + 2 : 0;
    return 0;
}

/* While the file put aside last is being compressed the present one grows beyond its size. */
static void rotate(void)
{
    if (is_compressing()) return;
    const struct plan *plan = journal.plan;
    bool single = plan->log_max_files < 2;
    int64_t number = 0;
    flush();
    /* A single file is not emptied either: whoever reads it gets to its end. One that somebody took away is as good. */
    int moved = single ? unlink(plan->log_path) : put_aside(plan->log_path, plan->log_max_files, &number);
    if (moved < 0 && errno != ENOENT) return;
    close_fd(&journal.fd);
    open_file();
    if (number > 0 && plan->log_compress) compress_aside(plan, number);
}

static void append(const struct log_entry *entry)
{
    int64_t most = journal.plan->log_max_bytes;
    if (journal.fd < 0 && open_file() < 0) return;
    if (most > 0 && journal.size + (int64_t)journal.used >= most) rotate();
    put("{\"log\":\"", 8);
    put_json_string(entry->text, entry->length);
    if (entry->complete) put("\\n", 2);
    if (entry->stream == 1)
        put("\",\"stream\":\"stdout\"", 19);
    else
        put("\",\"stream\":\"stderr\"", 19);
    put(journal.attributes, journal.attributes_length);
    put(",\"time\":\"", 9);
    put_time(entry->time);
    put("\"}\n", 3);
    if (!journal.lost) journal.entry_end = journal.size + (int64_t)journal.used;
    journal.lost = false;
}

static int open_log(const struct plan *plan)
{
    journal.plan = plan;
    return encode_attributes() < 0 || open_file() < 0 ? -1 : 0;
}

static void rest(void)
{
    if (journal.burst) madvise(buffer, BUFFER, MADV_DONTNEED);
    journal.burst = false;
}

static void close_log(void)
{
    flush();
    close_fd(&journal.fd);
}

const struct log_driver log_to_file = {open_log, append, flush, rest, close_log};
