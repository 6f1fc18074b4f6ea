/* Which paths a layer wrote itself, when it is applied on top of others. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "layer/apply.h"

/* A keyed hash: eight bytes for each path are kept, not the path. Never 0, which is an empty slot. */
static uint64_t hash_path(const struct marks *marks, const char *path)
{
    uint64_t hash = marks->seed;
    for (; *path != '\0'; path++) {
        hash = (hash ^ (uint8_t)*path) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash | 1;
}

static uint64_t *find_slot(const struct marks *marks, uint64_t hash)
{
    size_t at = (size_t)(hash >> 1) & (marks->capacity - 1);
    while (marks->slots[at] != 0 && marks->slots[at] != hash)
        at = (at + 1) & (marks->capacity - 1);
    return &marks->slots[at];
}

static int grow_marks(struct marks *marks)
{
    struct marks grown = {.capacity = marks->capacity == 0 ? 4096 : marks->capacity * 2,
                          .count = marks->count};
    if (marks->capacity == 0 && getrandom(&marks->seed, sizeof marks->seed, 0) != sizeof marks->seed)
        return -1;
    grown.seed = marks->seed;
    grown.slots = calloc(grown.capacity, sizeof *grown.slots);
    if (grown.slots == NULL) return -1;
    for (size_t i = 0; i < marks->capacity; i++)
        if (marks->slots[i] != 0) *find_slot(&grown, marks->slots[i]) = marks->slots[i];
    free(marks->slots);
    *marks = grown;
    return 0;
}

bool is_marked(const struct layer *layer, const char *path)
{
    const struct marks *marks = &layer->marks;
    return marks->capacity != 0 && *find_slot(marks, hash_path(marks, path)) != 0;
}

/* Remembers that this layer wrote a path, which keeps it and the directories on the way from later whiteouts. */
int mark_path(struct layer *layer, int parent, const char *name)
{
    struct marks *marks = &layer->marks;
    char path[PATH_MAX];
    if (!canonical_path(layer, parent, name, path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (;;) {
        if (marks->count * 2 >= marks->capacity && grow_marks(marks) == -1) return -1;
        uint64_t hash = hash_path(marks, path);
        uint64_t *slot = find_slot(marks, hash);
        if (*slot != 0) return 0;
        *slot = hash;
        marks->count++;
        char *slash = strrchr(path, '/');
        if (slash == NULL) return 0;
        *slash = '\0';
    }
}
