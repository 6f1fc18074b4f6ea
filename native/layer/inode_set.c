#include "layer/inode_set.h"

#include <stdint.h>
#include <stdlib.h>

/* The slot of an inode: where it is, or would be. The size is a power of two. */
static ino_t *find(ino_t *slots, size_t size, ino_t inode)
{
    size_t at = (size_t)((inode * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (size - 1);
    while (slots[at] != 0 && slots[at] != inode)
        at = (at + 1) & (size - 1);
    return &slots[at];
}

static int grow(struct inode_set *set)
{
    size_t size = set->size == 0 ? 64 : 2 * set->size;
    ino_t *slots = calloc(size, sizeof *slots);
    if (slots == NULL) return -1;
    for (size_t i = 0; i < set->size; i++) {
        if (set->slots[i] != 0) *find(slots, size, set->slots[i]) = set->slots[i];
    }
    free(set->slots);
    set->slots = slots;
    set->size = size;
    return 0;
}

int inode_set_add(struct inode_set *set, ino_t inode)
{
    if (4 * (set->used + 1) > 3 * set->size && grow(set) < 0) return -1;
    ino_t *slot = find(set->slots, set->size, inode);
    if (*slot == inode) return 0;
    *slot = inode;
    set->used++;
    return 1;
}

bool inode_set_has(const struct inode_set *set, ino_t inode)
{
    return set->size > 0 && *find(set->slots, set->size, inode) == inode;
}

void inode_set_free(struct inode_set *set)
{
    free(set->slots);
    *set = (struct inode_set){0};
}
