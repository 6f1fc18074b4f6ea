#include "archive/attributes.h"

#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

/* The largest list of names, and the largest value, that Linux has. */
#define LARGEST 65536

static bool is_taken(const char *name)
{
    return strncmp(name, "trusted.overlay.", 16) != 0 && strncmp(name, "user.overlay.", 13) != 0 &&
           strcmp(name, "security.selinux") != 0 && strcmp(name, "system.nfs4_acl") != 0;
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
    char *grown = realloc(attributes->text, room);
    if (grown == NULL) return -1;
    attributes->text = grown;
    attributes->room = room;
    return 0;
}

int read_attributes(struct attributes *attributes, int fd)
{
    static char names[LARGEST];
    char path[32];
    attributes->count = 0;
    /* A link of procfs leads to the entry itself, a symlink too, and is good for O_PATH. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = listxattr(path, names, sizeof names);
    if (length <= 0) return length == 0 || errno == EOPNOTSUPP ? 0 : -1;
    size_t used = 0;
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        if (!is_taken(name)) continue;
        if (grow(attributes, used + LARGEST) < 0) return -1;
        ssize_t size = getxattr(path, name, attributes->text + used, LARGEST);
        if (size < 0 && errno == ENODATA) continue;
        if (size < 0 || note(attributes, name, used, (size_t)size) < 0) return -1;
        used += (size_t)size;
    }
    for (size_t i = 0; i < attributes->count; i++)
        attributes->list[i].value = attributes->text + (size_t)attributes->list[i].value;
    qsort(attributes->list, attributes->count, sizeof *attributes->list, by_name);
    return 0;
}

void free_attributes(struct attributes *attributes)
{
    free(attributes->text);
    *attributes = (struct attributes){0};
}
