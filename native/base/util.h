/* Small things that every part needs: owners, exact reads and writes, numbers, clocks. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/* Closes without touching errno, so that it can stand on the way out of a failure. */
static inline void close_fd(int *fd)
{
    if (*fd < 0) return;
    int saved = errno;
    close(*fd);
    errno = saved;
    *fd = -1;
}

/* A variable that `destroy`, which takes its address, ends when it goes out of scope. */
#define owned(destroy) __attribute__((cleanup(destroy)))

/* An int that closes its descriptor when it goes out of scope. */
#define owned_fd owned(close_fd) int

/* Hands a descriptor over to the caller of the owner's scope. */
static inline int steal_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

static inline int fail_with(int error)
{
    errno = error;
    return -1;
}

/* Writes all of it; -1 with errno. Waits (poll) when somebody made the descriptor non-blocking. */
int write_all(int fd, const void *data, size_t size);

/* Reads a small file of the kernel or of ours as a string; returns its length, -1 with errno. */
ssize_t read_text(int dir, const char *path, char *text, size_t size);

/* Writes a text to an existing file with one write(2). */
int write_text(const char *path, const char *text);

/* A decimal (or, base 8 and 16, octal or hexadecimal) number and nothing else; -1 with EINVAL. */
int parse_number(const char *text, int base, int64_t *value);
int parse_unsigned(const char *text, int base, uint64_t *value);

/* Field 22 of /proc/PID/stat: tells a process from a later one with the same pid. -1 with errno. */
int64_t process_start_time(pid_t pid);

/*
 * A pidfd of the process `pid` if it is the one that began at `start_time` (both as decimal text). -1 with ESRCH when it
 * is gone, whoever has its pid now.
 */
int open_process(const char *pid, const char *start_time);

int64_t realtime_ms(void);
int64_t monotonic_ms(void);
int64_t monotonic_ns(void);

/*
 * Returns how long poll may wait for this moment of monotonic_ms(): at most an hour, 0 when it has passed, -1 if it is
 * -1.
 */
int ms_until(int64_t moment);

/* Whether a file by which something is decided is our user's, and nobody else may write it. */
struct stat;
bool is_ours_alone(const struct stat *file);

/* Makes a directory of this mode, whatever the umask is; what exists is fine, and stays as it is. */
int make_one_directory(const char *path, mode_t mode);

/* Makes a directory as make_one_directory() does, with all directories above it. */
int make_directories(const char *path, mode_t mode);

/* Whether `word` is one of the comma-separated `words`. */
bool has_word(const char *words, const char *word);

/* Copies the next comma-separated word into `word`; returns what follows it, NULL at the end or when too long. */
const char *next_word(const char *words, char *word, size_t size);
