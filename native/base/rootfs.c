#include "base/rootfs.h"

#include "base/kernel.h"
#include "base/util.h"

#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* The number of symlinks that the kernel follows in a path. */
#define LINKS_MAX 40

static int open_existing(const struct rootfs *rootfs, const char *target, uint64_t resolve)
{
    if (rootfs->root < 0) return fail_with(EBADF);
    return k_openat2(rootfs->root, target, O_PATH, 0, K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS | resolve);
}

static int make(int parent, const char *name, enum missing missing)
{
    if (missing == MISSING_BECOMES_DIRECTORY) return mkdirat(parent, name, 0755);
    owned_fd file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    return file < 0 ? -1 : 0;
}

/* Replaces the last name of `path` by what the symlink of that name points to. */
static int follow(int parent, const char *name, char path[PATH_MAX])
{
    char link[PATH_MAX], joined[2 * PATH_MAX];
    ssize_t length = readlinkat(parent, name, link, sizeof link - 1);
    if (length < 0) return -1;
    link[length] = '\0';
    int directory = link[0] == '/' ? 0 : (int)(name - path);
    snprintf(joined, sizeof joined, "%.*s%s", directory, path, link);
    if (strlen(joined) >= PATH_MAX) return fail_with(ENAMETOOLONG);
    strcpy(path, joined);
    return 0;
}

/* Nothing can be made in procfs, and its links into descriptors, our own among them, are no paths to follow. */
static bool is_procfs(int fd)
{
    struct statfs filesystem;
    return fstatfs(fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
}

int rootfs_open(const struct rootfs *rootfs, const char *target, enum missing missing, uint64_t resolve)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", target) >= (int)sizeof path) return fail_with(ENAMETOOLONG);
    for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--)
        path[end - 1] = '\0';
    for (int links = 0; links <= LINKS_MAX; links++) {
        int fd = open_existing(rootfs, path, resolve);
        if (fd >= 0 || errno != ENOENT || missing == MISSING_FAILS) return fd;
        const char *name;
        owned_fd parent = rootfs_open_parent(rootfs, path, &name);
        if (parent < 0) return -1;
        if (is_procfs(parent)) return fail_with(ENOENT);
        if (make(parent, name, missing) == 0) continue;
        if (errno != EEXIST) return -1;
        /* The name is there and leads nowhere: a dangling symlink, or another process was faster. */
        if (follow(parent, name, path) < 0 && errno != EINVAL) return -1;
    }
    return fail_with(ELOOP);
}

int rootfs_open_parent(const struct rootfs *rootfs, const char *target, const char **name)
{
    const char *slash = strrchr(target, '/');
    if (slash == NULL) return fail_with(EINVAL);
    *name = slash + 1;
    if (**name == '\0' || strcmp(*name, "..") == 0 || strcmp(*name, ".") == 0) return fail_with(EINVAL);
    char directory[PATH_MAX];
    if (snprintf(directory, sizeof directory, "%.*s/.", (int)(slash - target), target) >=
        (int)sizeof directory)
        return fail_with(ENAMETOOLONG);
    int fd = open_existing(rootfs, directory, 0);
    if (fd >= 0 || errno != ENOENT) return fd;
    directory[slash - target] = '\0';
    return rootfs_open(rootfs, directory, MISSING_BECOMES_DIRECTORY, 0);
}
