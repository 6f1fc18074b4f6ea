#include "archive/attributes.h"

#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

static bool is_taken(const char *name)
{
    return strncmp(name, "trusted.overlay.", 16) != 0 && strncmp(name, "user.overlay.", 13) != 0 &&
           strcmp(name, "security.selinux") != 0 && strcmp(name, "system.nfs4_acl") != 0 &&
           strchr(name, '=') == NULL;
}

static bool leads_elsewhere(const char *name)
{
    return strcmp(name, "trusted.overlay.redirect") == 0 || strcmp(name, "trusted.overlay.metacopy") == 0;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct attribute *)one)->name, ((const struct attribute *)other)->name);
}

static int note(struct attributes *attributes, const char *name, size_t offset, size_t size)
{
    if (attributes->count == ATTRIBUTES_MAX) return fail_with(E2BIG);
    /* An offset for now: the text may still move. */
    attributes->list[attributes->count++] =
        (struct attribute){.name = name, .value = (const char *)offset, .size = size};
    return 0;
}

static int grow(struct attributes *attributes, size_t room)
{
    if (room <= attributes->room) return 0;
    char *grown = realloc(attributes->values, room);
    if (grown == NULL) return -1;
    attributes->values = grown;
    attributes->room = room;
    return 0;
}

/* Most have none, and a descriptor that is open costs no walk through procfs to find that out. */
static ssize_t list_names(int fd, const char *path, char *names)
{
    ssize_t length = flistxattr(fd, names, ATTRIBUTE_LARGEST);
    return length < 0 && errno == EBADF ? listxattr(path, names, ATTRIBUTE_LARGEST) : length;
}

int read_attributes(struct attributes *attributes, int fd)
{
    char path[32], *names = attributes->names;
    attributes->count = 0;
    attributes->elsewhere = false;
    /* A link of procfs leads to the entry itself, a symlink too, and is good for O_PATH. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = list_names(fd, path, names);
    if (length <= 0) return length == 0 || errno == EOPNOTSUPP ? 0 : -1;
    size_t used = 0;
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        if (leads_elsewhere(name)) attributes->elsewhere = true;
        if (!attributes->all && !is_taken(name)) continue;
        if (grow(attributes, used + ATTRIBUTE_LARGEST) < 0) return -1;
        ssize_t size = getxattr(path, name, attributes->values + used, ATTRIBUTE_LARGEST);
        if (size < 0 && errno == ENODATA) continue;
        if (size < 0) return -1;
        if (note(attributes, name, used, (size_t)size) < 0) return -1;
        used += (size_t)size;
    }
    for (size_t i = 0; i < attributes->count; i++)
        attributes->list[i].value = attributes->values + (size_t)attributes->list[i].value;
    qsort(attributes->list, attributes->count, sizeof *attributes->list, by_name);
    return 0;
}

bool same_attributes(const struct attributes *one, const struct attributes *other)
{
    if (one->count != other->count) return false;
    for (size_t i = 0; i < one->count; i++) {
        const struct attribute *a = &one->list[i], *b = &other->list[i];
        if (strcmp(a->name, b->name) != 0 || a->size != b->size || memcmp(a->value, b->value, a->size) != 0)
            return false;
    }
    return true;
}

void free_attributes(struct attributes *attributes)
{
    free(attributes->values);
    attributes->values = NULL;
    attributes->room = 0;
}
