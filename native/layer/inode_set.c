#include "layer/inode_set.h"

#include <stdint.h>
#include <stdlib.h>

/* The slot of an inode: where it is, or would be. The size is a power of two. */
static struct inode_slot *find(struct inode_slot *slots, size_t size, ino_t inode)
{
    size_t at = (size_t)((inode * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (size - 1);
    while (slots[at].inode != 0 && slots[at].inode != inode)
        at = (at + 1) & (size - 1);
    return &slots[at];
}

static int grow(struct inode_set *set)
{
    size_t size = set->size == 0 ? 64 : 2 * set->size;
    struct inode_slot *slots = calloc(size, sizeof *slots);
    if (slots == NULL) return -1;
    for (size_t i = 0; i < set->size; i++) {
        if (set->slots[i].inode != 0) *find(slots, size, set->slots[i].inode) = set->slots[i];
    }
    free(set->slots);
    set->slots = slots;
    set->size = size;
    return 0;
}

int inode_set_add(struct inode_set *set, ino_t inode)
{
    if (4 * (set->used + 1) > 3 * set->size && grow(set) < 0) return -1;
    struct inode_slot *slot = find(set->slots, set->size, inode);
    slot->times++;
    if (slot->inode == inode) return 0;
    slot->inode = inode;
    set->used++;
    return 1;
}

size_t inode_set_times(const struct inode_set *set, ino_t inode)
{
    if (set->size == 0) return 0;
    const struct inode_slot *slot = find(set->slots, set->size, inode);
    return slot->inode == inode ? slot->times : 0;
}

bool inode_set_has(const struct inode_set *set, ino_t inode)
{
    return inode_set_times(set, inode) > 0;
}

void inode_set_free(struct inode_set *set)
{
    free(set->slots);
    *set = (struct inode_set){0};
}
