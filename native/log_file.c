/* Drivers json-file and local: lines of JSON as Docker's json-file has them. */
#include "json_string.h"
#include "log_driver.h"
#include "log_rotate.h"
#include "util.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct {
    const struct plan *plan;
    int fd;            /* -1: it could not be opened again after a rotation */
    int64_t size;      /* of the file, without what is still in the buffer */
    int64_t whole;     /* how much of the file is whole entries */
    int64_t entry_end; /* where the last whole entry ends, in the file or in the buffer */
    bool lost;         /* the current entry could not be written: its rest is dropped too */
    char *attributes;  /* `,"attrs":{...}`, or nothing */
    size_t attributes_length;
    size_t used;
    char buffer[8192];
} journal = {.fd = -1};

static int open_file(int flags)
{
    struct stat stat;
    journal.fd = open(journal.plan->log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0640);
    if (journal.fd < 0 || fstat(journal.fd, &stat) < 0) return -1;
    journal.size = journal.whole = journal.entry_end = stat.st_size;
    return 0;
}

static bool write_buffer(void)
{
    bool kept = true;
    if (journal.fd >= 0 && write_all(journal.fd, journal.buffer, journal.used) == 0) {
        journal.size += (int64_t)journal.used;
        journal.whole = journal.entry_end;
    } else {
        /* Half an entry would make the next one unreadable too. */
        if (journal.fd >= 0 && ftruncate(journal.fd, journal.whole) == 0)
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
        size_t room = sizeof journal.buffer - journal.used;
        size_t n = length < room ? length : room;
        memcpy(journal.buffer + journal.used, text, n);
        journal.used += n;
        text += n;
        length -= n;
        if (journal.used == sizeof journal.buffer) journal.lost = !write_buffer();
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
    long rest = time->tv_nsec;
    for (size_t i = length; i-- > whole + 1; rest /= 10)
        text[i] = (char)('0' + rest % 10);
    text[whole] = '.';
    while (text[length - 1] == '0')
        length--;
    if (length == whole + 1) length = whole;
    text[length++] = 'Z';
    put(text, length);
}

static void count(const char *text, size_t length)
{
    (void)text;
    journal.attributes_length += length;
}

static void copy(const char *text, size_t length)
{
    memcpy(journal.attributes + journal.attributes_length, text, length);
    journal.attributes_length += length;
}

static void put_attributes(void (*sink)(const char *text, size_t length))
{
    struct record record = {.end = NULL};
    const char *before = ",\"attrs\":{\"";
    journal.attributes_length = 0;
    while (plan_next(journal.plan, SECTION_GENERAL, &record)) {
        if (record.op != OP_LOG_ATTRIBUTE) continue;
        sink(before, strlen(before));
        put_json_string(sink, record.arg[0], strlen(record.arg[0]));
        sink("\":\"", 3);
        put_json_string(sink, record.arg[1], strlen(record.arg[1]));
        before = "\",\"";
    }
    if (before[1] == ',') sink("\"}", 2);
}

/* They are the same in every line: encoded once. */
static int encode_attributes(void)
{
    put_attributes(count);
    free(journal.attributes);
    journal.attributes = NULL;
    if (journal.attributes_length == 0) return 0;
    journal.attributes = malloc(journal.attributes_length);
    if (journal.attributes == NULL) return -1;
    put_attributes(copy);
    return 0;
}

/* While the file put aside last is being compressed the present one grows beyond its size. */
static void rotate(void)
{
    if (is_compressing()) return;
    const struct plan *plan = journal.plan;
    bool single = plan->log_max_files < 2;
    flush();
    if (!single && !move_aside(plan->log_path, plan->log_max_files)) return;
    close_fd(&journal.fd);
    open_file(single ? O_TRUNC : 0);
    if (!single && plan->log_compress) compress_aside(plan, plan->log_path);
}

static void append(const struct log_entry *entry)
{
    int64_t most = journal.plan->log_max_bytes;
    if (journal.fd < 0 && open_file(0) < 0) return;
    if (most > 0 && journal.size + (int64_t)journal.used >= most) rotate();
    put("{\"log\":\"", 8);
    put_json_string(put, entry->text, entry->length);
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
    return encode_attributes() < 0 || open_file(0) < 0 ? -1 : 0;
}

static void close_log(void)
{
    flush();
    close_fd(&journal.fd);
}

const struct log_driver log_to_file = {open_log, append, flush, close_log};
