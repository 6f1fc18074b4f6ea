#include "archive/levels.h"

#include "base/util.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* So many levels keep their descriptors. */
#define LEVELS_HELD 64

struct level *innermost(const struct levels *levels)
{
    return levels->depth == 0 ? NULL : &levels->list[levels->depth - 1];
}

static void drop(struct level *level)
{
    close_fd(&level->lower);
    close_fd(&level->copy);
    free(level->hidden);
    free(level->text);
}

/* What the level below can lead back to. The top is held always. */
static void put_aside(struct level *level, const struct level *below)
{
    if (below->has_lower) close_fd(&level->lower);
    if (below->copy >= 0) close_fd(&level->copy);
}

int push_level(struct levels *levels, struct level *level)
{
    if (levels->depth == levels->room) {
        size_t room = levels->room == 0 ? 64 : 2 * levels->room;
        struct level *list = realloc(levels->list, room * sizeof *list);
        if (list == NULL) return drop(level), -1;
        levels->list = list;
        levels->room = room;
    }
    levels->list[levels->depth++] = *level;
    if (levels->depth > LEVELS_HELD) {
        struct level *aside = &levels->list[levels->depth - LEVELS_HELD];
        put_aside(aside, aside + 1);
    }
    return 0;
}

static int above(int fd)
{
    return openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Opens again what was put aside of the level above `level`. */
static int take_back(struct level *up, const struct level *level)
{
    if (up->has_lower && up->lower < 0 && (up->lower = above(level->lower)) < 0) return -1;
    return level->copy >= 0 && up->copy < 0 && (up->copy = above(level->copy)) < 0 ? -1 : 0;
}

int pop_level(struct levels *levels)
{
    struct level *level = innermost(levels);
    int result = levels->depth > 1 ? take_back(level - 1, level) : 0;
    drop(level);
    levels->depth--;
    return result;
}

static int by_bytes(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static int add_name(struct level *level, const char *name, size_t *used, size_t *room)
{
    size_t length = strlen(name) + 1;
    if (*used + length > *room) {
        size_t more = (*room + length) * 2;
        char *text = realloc(level->text, more);
        if (text == NULL) return -1;
        level->text = text;
        *room = more;
    }
    memcpy(level->text + *used, name, length);
    *used += length;
    level->hidden_count++;
    return 0;
}

static int sort(struct level *level)
{
    level->hidden = malloc((level->hidden_count + 1) * sizeof *level->hidden);
    if (level->hidden == NULL) return -1;
    char *name = level->text;
    for (size_t i = 0; i < level->hidden_count; i++, name += strlen(name) + 1)
        level->hidden[i] = name;
    if (level->hidden_count > 1) qsort(level->hidden, level->hidden_count, sizeof *level->hidden, by_bytes);
    return 0;
}

int note_hidden(struct level *level)
{
    size_t used = 0, room = 0;
    int fd = openat(level->lower, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *scan = fd < 0 ? NULL : fdopendir(fd);
    if (scan == NULL) return close_fd(&fd), -1;
    const struct dirent *found;
    int result = 0;
    while (result == 0 && (errno = 0, found = readdir(scan)) != NULL) {
        if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0)
            result = add_name(level, found->d_name, &used, &room);
    }
    if (errno != 0) result = -1;
    int saved = errno;
    closedir(scan);
    errno = saved;
    return result < 0 ? -1 : sort(level);
}
