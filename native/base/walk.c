#include "base/walk.h"

#include "base/util.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the directories on the way down so many stay open; from further down the way back is "..". */
#define LEVELS_HELD 64

struct level {
    int fd;       /* -1: closed while something far below it is visited */
    char **names; /* sorted; into `text` */
    char *text;
    size_t count, at;
    size_t path_length; /* of the path up to and including it */
    struct stat stat;
};

/* openat(2), as musl's open() sets FD_CLOEXEC with one more call. */
int open_entry(const struct entry *entry)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", entry->fd);
    return openat(AT_FDCWD, path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
}

struct walk {
    const struct visitor *visitor;
    struct level *levels;
    size_t depth, room;
    char *path;
    size_t path_room;
};

static struct level *current(struct walk *walk)
{
    return &walk->levels[walk->depth - 1];
}

static int by_bytes(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static int note_name(struct level *level, const char *name, size_t *size, size_t *room)
{
    size_t length = strlen(name) + 1;
    if (*size + length > *room) {
        size_t more = (*room + length) * 2;
        char *grown = realloc(level->text, more);
        if (grown == NULL) return -1;
        level->text = grown;
        *room = more;
    }
    memcpy(level->text + *size, name, length);
    *size += length;
    level->count++;
    return 0;
}

static int sort_names(struct level *level)
{
    level->names = malloc((level->count + 1) * sizeof *level->names);
    if (level->names == NULL) return -1;
    char *name = level->text;
    for (size_t i = 0; i < level->count; i++, name += strlen(name) + 1)
        level->names[i] = name;
    if (level->count > 1) qsort(level->names, level->count, sizeof *level->names, by_bytes);
    return 0;
}

static int read_names(struct level *level)
{
    size_t size = 0, room = 0;
    int scan_fd = fcntl(level->fd, F_DUPFD_CLOEXEC, 3);
    DIR *scan = scan_fd < 0 ? NULL : fdopendir(scan_fd);
    if (scan == NULL) return close_fd(&scan_fd), -1;
    struct dirent *found;
    int result = 0;
    while (result == 0 && (errno = 0, found = readdir(scan)) != NULL) {
        if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0)
            result = note_name(level, found->d_name, &size, &room);
    }
    if (errno != 0) result = -1;
    int saved = errno;
    closedir(scan);
    errno = saved;
    return result < 0 ? -1 : sort_names(level);
}

static void drop_level(struct level *level)
{
    close_fd(&level->fd);
    free(level->names);
    free(level->text);
}

/* Takes over `fd`, a directory that can be read, as the one whose entries are visited next. */
static int push(struct walk *walk, int fd, const struct entry *entry)
{
    struct level level = {.fd = fd, .stat = entry->stat, .path_length = strlen(entry->path)};
    if (walk->depth == walk->room) {
        size_t room = walk->room == 0 ? 64 : 2 * walk->room;
        struct level *levels = realloc(walk->levels, room * sizeof *levels);
        if (levels == NULL) return close_fd(&level.fd), -1;
        walk->levels = levels;
        walk->room = room;
    }
    if (read_names(&level) < 0) return drop_level(&level), -1;
    /* The top is held always: it may be anything, and what is above it is none of our business. */
    if (walk->depth >= LEVELS_HELD) close_fd(&walk->levels[walk->depth - LEVELS_HELD / 2].fd);
    walk->levels[walk->depth++] = level;
    return 0;
}

/* Opens the directory above `fd`, if it still is the one that we came from. */
static bool find_again(struct level *level, int fd)
{
    struct stat stat;
    owned_fd above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0 || fstat(above, &stat) < 0) return false;
    if (stat.st_dev != level->stat.st_dev || stat.st_ino != level->stat.st_ino) return false;
    level->fd = steal_fd(&above);
    return true;
}

static struct entry entry_of(const struct walk *walk, const struct level *level)
{
    const char *slash = strrchr(walk->path, '/');
    return (struct entry){.fd = level->fd,
                          .path = walk->path,
                          .name = slash == NULL ? walk->path : slash + 1,
                          .stat = level->stat};
}

/* Tells of the end of the current directory, and forgets it. */
static int end_level(struct walk *walk)
{
    struct level *level = current(walk);
    walk->path[level->path_length] = '\0';
    struct entry entry = entry_of(walk, level);
    int result = walk->visitor->leave == NULL ? 0 : walk->visitor->leave(walk->visitor->context, &entry);
    drop_level(level);
    walk->depth--;
    return result;
}

/* Back to the directory above, or to the nearest that can still be reached: the rest is as good as removed. */
static int pop(struct walk *walk)
{
    owned_fd below = fcntl(current(walk)->fd, F_DUPFD_CLOEXEC, 3);
    int result = below < 0 ? -1 : end_level(walk);
    while (result == 0 && walk->depth > 0 && current(walk)->fd < 0 && !find_again(current(walk), below))
        result = end_level(walk);
    return result;
}

static int set_path(struct walk *walk, const char *name)
{
    size_t length = current(walk)->path_length, needed = length + strlen(name) + 2;
    if (needed > walk->path_room) {
        char *grown = realloc(walk->path, needed * 2);
        if (grown == NULL) return -1;
        walk->path = grown;
        walk->path_room = needed * 2;
    }
    sprintf(walk->path + length, "%s%s", length == 0 ? "" : "/", name);
    return 0;
}

static int look(const struct walk *walk, struct entry *entry)
{
    if (fstat(entry->fd, &entry->stat) < 0) return -1;
    return walk->visitor->visit(walk->visitor->context, entry);
}

static int descend(struct walk *walk, const struct entry *entry)
{
    int fd = openat(entry->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : push(walk, fd, entry);
}

/* 1: the visitor has done with it by what it looks like alone. What goes away now is looked for once more. */
static int glance(const struct walk *walk, int directory, const char *name)
{
    struct entry entry = {.fd = -1, .path = walk->path, .name = name};
    const struct visitor *visitor = walk->visitor;
    if (visitor->glance == NULL || fstatat(directory, name, &entry.stat, AT_SYMLINK_NOFOLLOW) < 0) return 0;
    return S_ISDIR(entry.stat.st_mode) ? 0 : visitor->glance(visitor->context, &entry);
}

static int visit_name(struct walk *walk, const char *name)
{
    if (set_path(walk, name) < 0) return -1;
    int done = glance(walk, current(walk)->fd, name);
    if (done != 0) return done < 0 ? -1 : 0;
    owned_fd fd = openat(current(walk)->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? 0 : -1;
    struct entry entry = {.fd = fd, .path = walk->path, .name = name};
    int result = look(walk, &entry);
    return result == VISIT_ENTER && S_ISDIR(entry.stat.st_mode) ? descend(walk, &entry) : result < 0 ? -1 : 0;
}

int walk_tree(int top, const struct visitor *visitor)
{
    struct walk walk = {.visitor = visitor, .path = calloc(1, 256), .path_room = 256};
    struct entry entry = {.fd = top, .path = walk.path, .name = walk.path};
    int result = walk.path == NULL ? -1 : look(&walk, &entry);
    if (result == VISIT_ENTER && S_ISDIR(entry.stat.st_mode)) result = descend(&walk, &entry);
    while (result >= 0 && walk.depth > 0) {
        struct level *level = current(&walk);
        result = level->at == level->count ? pop(&walk) : visit_name(&walk, level->names[level->at++]);
    }
    int saved = errno;
    while (walk.depth > 0)
        drop_level(&walk.levels[--walk.depth]);
    free(walk.levels);
    free(walk.path);
    errno = saved;
    return result < 0 ? -1 : 0;
}
