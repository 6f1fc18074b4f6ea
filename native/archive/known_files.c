#include "archive/known_files.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of fewer files reading them is as fast. */
#define LEAST 500

/* The longest tick of a file system's clock, FAT's. */
#define TICK_NS 2000000000LL

#define SECOND_NS 1000000000LL

static const char magic[8] = "skfiles1";

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * SECOND_NS + time.tv_nsec;
}

static struct known_file key_of(const struct stat *stat)
{
    return (struct known_file){
        .device = stat->st_dev,
        .number = stat->st_ino,
        .size = (uint64_t)stat->st_size,
        .modified = nanoseconds(stat->st_mtim),
        .changed = nanoseconds(stat->st_ctim),
    };
}

static int by_number(const void *one, const void *other)
{
    const struct known_file *a = one, *b = other;
    if (a->device != b->device) return a->device < b->device ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* What is not as it was written here is nothing. */
static void map_file(struct known_files *known, int fd, size_t size)
{
    if (size < sizeof magic || (size - sizeof magic) % sizeof *known->before != 0) return;
    char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) return;
    if (memcmp(bytes, magic, sizeof magic) != 0) {
        munmap(bytes, size);
        return;
    }
    known->before = (const struct known_file *)(bytes + sizeof magic);
    known->before_count = (size - sizeof magic) / sizeof *known->before;
}

void known_files_open(struct known_files *known, const char *path)
{
    struct stat stat;
    struct timespec now;
    *known = (struct known_files){.path = path};
    clock_gettime(CLOCK_REALTIME, &now);
    known->trusted = nanoseconds(now) - TICK_NS;
    owned_fd fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode)) map_file(known, fd, (size_t)stat.st_size);
}

static int keep(struct known_files *known, const struct known_file *file)
{
    if (known->now_count == known->now_room) {
        size_t room = known->now_room == 0 ? LEAST : 2 * known->now_room;
        struct known_file *grown = realloc(known->now, room * sizeof *grown);
        if (grown == NULL) return -1;
        known->now = grown;
        known->now_room = room;
    }
    known->now[known->now_count++] = *file;
    return 0;
}

const uint8_t *known_files_find(struct known_files *known, const struct stat *stat)
{
    if (known->before_count == 0) return NULL;
    struct known_file key = key_of(stat);
    const struct known_file *file = bsearch(&key, known->before, known->before_count, sizeof key, by_number);
    if (file == NULL || file->size != key.size || file->modified != key.modified ||
        file->changed != key.changed)
        return NULL;
    if (keep(known, file) < 0) return NULL;
    known->found++;
    return file->content;
}

int known_files_add(struct known_files *known, const struct stat *stat, const uint8_t digest[SHA256_SIZE])
{
    struct known_file file = key_of(stat);
    if (known->path == NULL || file.modified >= known->trusted || file.changed >= known->trusted) return 0;
    memcpy(file.content, digest, sizeof file.content);
    return keep(known, &file);
}

/* The directory is made when it is not there. */
static int open_draft(const char *path, char draft[PATH_MAX])
{
    if (snprintf(draft, PATH_MAX, "%s.%d", path, getpid()) >= PATH_MAX) return fail_with(ENAMETOOLONG);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 || errno != ENOENT) return fd;
    char *slash = strrchr(draft, '/');
    *slash = '\0';
    int made = mkdir(draft, 0700);
    *slash = '/';
    if (made < 0 && errno != EEXIST) return -1;
    return open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

void known_files_save(struct known_files *known)
{
    char draft[PATH_MAX];
    bool same = known->found == known->now_count && known->found == known->before_count;
    if (known->path == NULL || same || known->now_count < LEAST) return;
    qsort(known->now, known->now_count, sizeof *known->now, by_number);
    owned_fd fd = open_draft(known->path, draft);
    if (fd < 0) return;
    if (write_all(fd, magic, sizeof magic) < 0 ||
        write_all(fd, known->now, known->now_count * sizeof *known->now) < 0 ||
        rename(draft, known->path) < 0)
        unlink(draft);
}

void known_files_free(struct known_files *known)
{
    if (known->before != NULL)
        munmap((char *)known->before - sizeof magic,
               sizeof magic + known->before_count * sizeof *known->before);
    free(known->now);
}
