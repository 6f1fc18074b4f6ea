#include "archive/copy_entry.h"

#include "base/util.h"
#include "layer/copy_content.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>

static int copy_file(int to, const struct entry *entry)
{
    char path[32];
    struct stat stat;
    snprintf(path, sizeof path, "/proc/self/fd/%d", entry->fd);
    owned_fd content = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    owned_fd copy = openat(to, entry->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (content < 0 || copy < 0 || fstat(content, &stat) < 0) return -1;
    return copy_content(content, copy, &stat, NULL);
}

static int copy_symlink(int to, const struct entry *entry)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(entry->fd, "", target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = '\0';
    return symlinkat(target, to, entry->name);
}

/* What it is to be here. */
static int read_making(struct making *making, const struct entry *entry, struct attributes *attributes,
                       struct owners *owners)
{
    making->stat = entry->stat;
    attributes->count = 0;
    /* A directory that was moved away meanwhile has none. */
    if (entry->fd >= 0 && read_attributes(attributes, entry->fd) < 0) return -1;
    return owners_translate(owners, making, attributes);
}

static int set_attributes(const char *path, const struct making *making)
{
    for (size_t i = 0; i < making->attribute_count; i++) {
        const struct attribute *attribute = &making->attributes[i];
        if (lsetxattr(path, attribute->name, attribute->value, attribute->size, 0) < 0) return -1;
    }
    return 0;
}

/* Owner first, for a change of it takes set-id bits and capabilities away; times last. */
int make_copy(int to, const struct entry *entry, struct attributes *attributes, struct owners *owners)
{
    char path[64 + NAME_MAX];
    struct making making = {0};
    const struct stat *stat = &making.stat;
    if (S_ISDIR(entry->stat.st_mode)) return mkdirat(to, entry->name, 0700);
    if (read_making(&making, entry, attributes, owners) < 0) return -1;
    int made = S_ISREG(stat->st_mode) ? copy_file(to, entry)
               : S_ISLNK(stat->st_mode)
                   ? copy_symlink(to, entry)
                   : mknodat(to, entry->name, stat->st_mode & (S_IFMT | 0600), stat->st_rdev);
    if (made < 0 || fchownat(to, entry->name, stat->st_uid, stat->st_gid, AT_SYMLINK_NOFOLLOW) < 0) return -1;
    if (!S_ISLNK(stat->st_mode) && fchmodat(to, entry->name, stat->st_mode & 07777, 0) < 0) return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", to, entry->name);
    if (set_attributes(path, &making) < 0) return -1;
    return utimensat(to, entry->name, (struct timespec[]){stat->st_atim, stat->st_mtim}, AT_SYMLINK_NOFOLLOW);
}

/* The path has a part behind the magic link, so that the l-variant does not stop at that. */
int end_copy(int to, const struct entry *entry, struct attributes *attributes, struct owners *owners)
{
    char path[64];
    struct making making = {0};
    const struct stat *stat = &making.stat;
    if (read_making(&making, entry, attributes, owners) < 0) return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d/.", to);
    if (fchown(to, stat->st_uid, stat->st_gid) < 0 || fchmod(to, stat->st_mode & 07777) < 0 ||
        set_attributes(path, &making) < 0)
        return -1;
    return futimens(to, (struct timespec[]){stat->st_atim, stat->st_mtim});
}
