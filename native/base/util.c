#include "base/util.h"

#include "base/kernel.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

int write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n >= 0) {
            at += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            poll(&room, 1, -1);
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

ssize_t read_text(int dir, const char *path, char *text, size_t size)
{
    owned_fd fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    size_t length = 0;
    while (length + 1 < size) {
        ssize_t n = read(fd, text + length, size - 1 - length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        length += (size_t)n;
    }
    text[length] = '\0';
    return (ssize_t)length;
}

int write_text(const char *path, const char *text)
{
    owned_fd fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    size_t length = strlen(text);
    ssize_t n = write(fd, text, length);
    if (n < 0) return -1;
    return (size_t)n == length ? 0 : fail_with(EIO);
}

int parse_number(const char *text, int base, int64_t *value)
{
    bool negative = text[0] == '-';
    uint64_t magnitude;
    if (parse_unsigned(text + negative, base, &magnitude) < 0) return -1;
    if (magnitude > INT64_MAX) return fail_with(EINVAL);
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return 0;
}

int parse_unsigned(const char *text, int base, uint64_t *value)
{
    uint64_t sum = 0;
    if (*text == '\0') return fail_with(EINVAL);
    for (; *text != '\0'; text++) {
        char c = *text;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : base;
        if (digit >= base) return fail_with(EINVAL);
        if (__builtin_mul_overflow(sum, (uint64_t)base, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)digit, &sum))
            return fail_with(EINVAL);
    }
    *value = sum;
    return 0;
}

int64_t process_start_time(pid_t pid)
{
    char path[64], stat[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (read_text(AT_FDCWD, path, stat, sizeof stat) < 0) return -1;
    /* The name in parentheses may hold blanks and parentheses; the last one ends it, before field 3. */
    const char *at = strrchr(stat, ')');
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    if (at == NULL) return fail_with(EPROTO);
    return strtoll(at + 1, NULL, 10);
}

int open_process(const char *pid, const char *start_time)
{
    int64_t number, start;
    if (parse_number(pid, 10, &number) < 0 || parse_number(start_time, 10, &start) < 0 || number < 1 ||
        number > INT32_MAX || start < 0)
        return fail_with(EINVAL);
    /* First held, then compared: from here on the pid cannot become another process's. */
    owned_fd process = k_pidfd_open((pid_t)number);
    if (process < 0) return -1;
    return process_start_time((pid_t)number) == start ? steal_fd(&process) : fail_with(ESRCH);
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t realtime_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000000;
}

int64_t monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t monotonic_ms(void)
{
    return monotonic_ns() / 1000000;
}

int ms_until(int64_t moment)
{
    if (moment < 0) return -1;
    int64_t left = moment - monotonic_ms();
    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

bool is_ours_alone(const struct stat *file)
{
    return file->st_uid == geteuid() && (file->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int make_one_directory(const char *path, mode_t mode)
{
    mode_t old = umask(0);
    int made = mkdir(path, mode);
    umask(old);
    return made == 0 || errno == EEXIST ? 0 : -1;
}

int make_directories(const char *path, mode_t mode)
{
    if (make_one_directory(path, mode) == 0) return 0;
    if (errno != ENOENT) return -1;
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) return fail_with(ENOENT);
    char parent[4096];
    size_t length = (size_t)(slash - path);
    if (length >= sizeof parent) return fail_with(ENAMETOOLONG);
    memcpy(parent, path, length);
    parent[length] = '\0';
    if (make_directories(parent, mode) < 0) return -1;
    return make_one_directory(path, mode);
}

bool has_word(const char *words, const char *word)
{
    char next[64];
    while ((words = next_word(words, next, sizeof next)) != NULL) {
        if (strcmp(next, word) == 0) return true;
    }
    return false;
}

const char *next_word(const char *words, char *word, size_t size)
{
    while (*words == ',')
        words++;
    size_t length = strcspn(words, ",");
    if (length == 0 || length >= size) return NULL;
    memcpy(word, words, length);
    word[length] = '\0';
    return words + length;
}
