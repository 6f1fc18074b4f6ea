#include "archive/copy_entry.h"

#include "archive/metadata.h"
#include "base/util.h"
#include "layer/copy_content.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

static int copy_symlink(int to, const struct entry *entry)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(entry->fd, "", target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = '\0';
    return symlinkat(target, to, entry->name);
}

/* What it is to be here. `fd`: of it, or -1. */
static int read_making(struct making *making, const struct entry *entry, int fd,
                       struct attributes *attributes, struct owners *owners)
{
    making->stat = entry->stat;
    attributes->count = 0;
    /* A directory that was moved away meanwhile has none. */
    if (fd >= 0 && read_attributes(attributes, fd) < 0) return -1;
    return owners_translate(owners, making, attributes);
}

static int end_entry(int fd, const struct making *making)
{
    return give_metadata(fd, making, NULL) < 0 || give_times(fd, &making->stat) < 0 ? -1 : 0;
}

static int copy_file(int to, const struct entry *entry, struct attributes *attributes, struct owners *owners)
{
    struct stat stat;
    struct making making;
    owned_fd content = open_entry(entry);
    if (content < 0 || fstat(content, &stat) < 0 ||
        read_making(&making, entry, content, attributes, owners) < 0)
        return -1;
    owned_fd copy = openat(to, entry->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                           making.stat.st_mode & 0777);
    return copy < 0 || copy_content(content, copy, &stat, NULL) < 0 ? -1 : end_entry(copy, &making);
}

static int copy_node(int to, const struct entry *entry, struct attributes *attributes, struct owners *owners)
{
    struct making making;
    if (read_making(&making, entry, entry->fd, attributes, owners) < 0) return -1;
    mode_t mode = making.stat.st_mode & (S_IFMT | 0600);
    int made = S_ISLNK(mode) ? copy_symlink(to, entry) : mknodat(to, entry->name, mode, making.stat.st_rdev);
    owned_fd copy = made < 0 ? -1 : openat(to, entry->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return copy < 0 ? -1 : end_entry(copy, &making);
}

int make_copy(int to, const struct entry *entry, struct attributes *attributes, struct owners *owners)
{
    if (S_ISDIR(entry->stat.st_mode)) return mkdirat(to, entry->name, 0700);
    return S_ISREG(entry->stat.st_mode) ? copy_file(to, entry, attributes, owners)
                                        : copy_node(to, entry, attributes, owners);
}

/* All that was to be in it is there: nothing inherits its default ACL any more. */
static int set_default_acl(int to, const struct making *making)
{
    for (size_t i = 0; i < making->attribute_count; i++) {
        if (strcmp(making->attributes[i].name, DEFAULT_ACL) == 0)
            return give_attribute(to, &making->attributes[i], NULL);
    }
    return 0;
}

int end_copy(int to, const struct entry *entry, struct attributes *attributes, struct owners *owners)
{
    struct making making;
    if (read_making(&making, entry, entry->fd, attributes, owners) < 0 ||
        give_metadata(to, &making, NULL) < 0 || set_default_acl(to, &making) < 0)
        return -1;
    return give_times(to, &making.stat);
}
