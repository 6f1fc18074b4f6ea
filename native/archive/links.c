#include "archive/links.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct known_link {
    dev_t device;
    ino_t inode;
    char *path; /* NULL: a free slot */
};

static struct known_link *slot_of(const struct known_links *links, dev_t device, ino_t inode)
{
    size_t at = (((uint64_t)inode ^ (uint64_t)device << 32) * 0x9e3779b97f4a7c15u >> 20) & (links->size - 1);
    while (links->slots[at].path != NULL &&
           (links->slots[at].inode != inode || links->slots[at].device != device))
        at = (at + 1) & (links->size - 1);
    return &links->slots[at];
}

static int grow(struct known_links *links)
{
    struct known_links grown = {.size = links->size == 0 ? 256 : 2 * links->size, .used = links->used};
    grown.slots = calloc(grown.size, sizeof *grown.slots);
    if (grown.slots == NULL) return -1;
    for (size_t i = 0; i < links->size; i++) {
        const struct known_link *link = &links->slots[i];
        if (link->path != NULL) *slot_of(&grown, link->device, link->inode) = *link;
    }
    free(links->slots);
    *links = grown;
    return 0;
}

const char *first_name(struct known_links *links, const struct stat *stat, const char *path)
{
    errno = 0;
    if (links->used * 2 >= links->size && grow(links) < 0) return NULL;
    struct known_link *link = slot_of(links, stat->st_dev, stat->st_ino);
    if (link->path != NULL) return link->path;
    *link = (struct known_link){stat->st_dev, stat->st_ino, strdup(path)};
    if (link->path != NULL) links->used++;
    return NULL;
}

void free_links(struct known_links *links)
{
    for (size_t i = 0; i < links->size; i++)
        free(links->slots[i].path);
    free(links->slots);
    *links = (struct known_links){0};
}
