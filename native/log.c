#include "log.h"

#include "util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static struct {
    int fd;
    const char *path;
    int64_t max_bytes, max_files;
    int64_t size;                  /* of the file, without what is still in the buffer */
    int64_t whole;                 /* how much of the file is whole entries */
    int64_t entry_end;             /* where the last whole entry ends, in the file or in the buffer */
    bool lost;                     /* the current entry could not be written: its rest is dropped too */
    struct timespec piece_time[2]; /* of the first piece of a cut line; pieces carry the time of the first */
    bool in_piece[2];
    size_t used;
    char buffer[8192];
} journal = {.fd = -1};

static int open_file(int flags)
{
    journal.fd = open(journal.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0640);
    struct stat stat;
    if (journal.fd < 0 || fstat(journal.fd, &stat) < 0) return -1;
    journal.size = journal.whole = journal.entry_end = stat.st_size;
    return 0;
}

int log_open(const char *path, int64_t max_bytes, int64_t max_files)
{
    journal.path = path;
    journal.max_bytes = max_bytes;
    journal.max_files = max_files;
    return open_file(0);
}

bool log_is_open(void)
{
    return journal.fd >= 0;
}

static bool flush(void)
{
    bool kept = true;
    if (journal.fd >= 0 && write_all(journal.fd, journal.buffer, journal.used) == 0) {
        journal.size += (int64_t)journal.used;
        journal.whole = journal.entry_end;
    } else if (journal.fd >= 0 && ftruncate(journal.fd, journal.whole) == 0) {
        /* Half an entry would make the next one unreadable too. */
        journal.size = journal.entry_end = journal.whole;
        kept = false;
    }
    journal.used = 0;
    return kept;
}

void log_flush(void)
{
    if (journal.used > 0) flush();
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
        if (journal.used == sizeof journal.buffer) journal.lost = !flush();
    }
}

/* Length of the UTF-8 sequence at `text` as Go's utf8.DecodeRune has it: 0 when it is not one. */
static size_t sequence_length(const unsigned char *text, size_t left)
{
    unsigned char first = text[0];
    size_t length = first < 0x80                     ? 1
                    : first >= 0xc2 && first <= 0xdf ? 2
                    : first >= 0xe0 && first <= 0xef ? 3
                    : first >= 0xf0 && first <= 0xf4 ? 4
                                                     : 0;
    if (length == 0 || length > left) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    /* Overlong forms, surrogates and what is above U+10FFFF. */
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
        (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

static void put_escape(unsigned char c)
{
    char escape[8];
    if (c == '"' || c == '\\')
        snprintf(escape, sizeof escape, "\\%c", c);
    else if (c == '\n')
        strcpy(escape, "\\n");
    else if (c == '\r')
        strcpy(escape, "\\r");
    else
        snprintf(escape, sizeof escape, "\\u%04x", c);
    put(escape, strlen(escape));
}

/* The characters of a JSON string as Docker's encoder writes them; every byte that is not UTF-8 becomes U+FFFD. */
static void put_string(const char *string, size_t length)
{
    const unsigned char *text = (const unsigned char *)string;
    for (size_t i = 0; i < length;) {
        size_t plain = i;
        while (plain < length && is_plain(text[plain]))
            plain++;
        put(string + i, plain - i);
        i = plain;
        if (i == length) break;
        size_t n = sequence_length(text + i, length - i);
        if (n == 0)
            put("\\ufffd", 6);
        else if (n == 1)
            put_escape(text[i]);
        else if (n == 3 && memcmp(text + i, "\xe2\x80\xa8", 3) == 0)
            put("\\u2028", 6);
        else if (n == 3 && memcmp(text + i, "\xe2\x80\xa9", 3) == 0)
            put("\\u2029", 6);
        else
            put(string + i, n);
        i += n == 0 ? 1 : n;
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

static void rotate(void)
{
    char from[4096], to[4096];
    log_flush();
    close_fd(&journal.fd);
    for (int64_t i = journal.max_files - 1; i >= 1; i--) {
        if (i == 1)
            snprintf(from, sizeof from, "%s", journal.path);
        else
            snprintf(from, sizeof from, "%s.%lld", journal.path, (long long)i - 1);
        snprintf(to, sizeof to, "%s.%lld", journal.path, (long long)i);
        rename(from, to);
    }
    open_file(O_TRUNC);
}

void log_append(int stream, const char *text, size_t length, bool complete)
{
    if (journal.fd < 0) return;
    if (journal.max_bytes > 0 && journal.size + (int64_t)journal.used >= journal.max_bytes) rotate();
    struct timespec *time = &journal.piece_time[stream - 1];
    if (!journal.in_piece[stream - 1]) clock_gettime(CLOCK_REALTIME, time);
    journal.in_piece[stream - 1] = !complete;
    put("{\"log\":\"", 8);
    put_string(text, length);
    if (complete) put("\\n", 2);
    if (stream == 1)
        put("\",\"stream\":\"stdout\",\"time\":\"", 28);
    else
        put("\",\"stream\":\"stderr\",\"time\":\"", 28);
    put_time(time);
    put("\"}\n", 3);
    if (!journal.lost) journal.entry_end = journal.size + (int64_t)journal.used;
    journal.lost = false;
}

void log_close(void)
{
    log_flush();
    close_fd(&journal.fd);
}
