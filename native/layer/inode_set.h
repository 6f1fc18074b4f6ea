/* A set of inode numbers of one file system, none of which is 0, with how often each was added. Zeroed memory is an empty set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct inode_slot {
    ino_t inode; /* 0: free */
    size_t times;
};

struct inode_set {
    struct inode_slot *slots; /* open addressing */
    size_t size, used;
};

/* Adds an inode: 1 when it was not in the set, 0 when it was; -1 with errno. */
int inode_set_add(struct inode_set *set, ino_t inode);
/* How often it was added. */
size_t inode_set_times(const struct inode_set *set, ino_t inode);
bool inode_set_has(const struct inode_set *set, ino_t inode);
void inode_set_free(struct inode_set *set);
