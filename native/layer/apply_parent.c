/* Parents of entries: resolved below the layer's root, made when missing, remembered from one entry to the next. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/kernel.h"
#include "base/util.h"
#include "layer/apply.h"

enum { MAX_LINKS = 40 };

int open_in_root(const struct layer *layer, const char *path, uint64_t flags)
{
    return k_openat2(layer->root, *path == '\0' ? "." : path, flags, 0,
                     K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS | K_RESOLVE_NO_XDEV);
}

/* Makes a directory on the way that the layer has no entry for, and leaves its parent's time alone. */
static int make_implied(struct layer *layer, int dir, const char *name, const struct stat *before,
                        bool opaque)
{
    char path[PATH_MAX], self[64];
    if (mkdirat(dir, name, 0755) == -1 || (opaque && set_opaque(dir, name) == -1)) return -1;
    struct timespec times[] = {before->st_atim, before->st_mtim};
    snprintf(self, sizeof self, "/proc/self/fd/%d", dir);
    if (utimensat(AT_FDCWD, self, times, 0) == -1) return -1;
    if (layer->merged) return mark_path(layer, dir, name);
    if (canonical_path(layer, dir, name, path)) note(opaque ? "opaque" : "implied", path);
    return 0;
}

/* Puts a symlink's target in front of what remains. */
static int expand_link(int link, char *rest, size_t size)
{
    char target[PATH_MAX], joined[2 * PATH_MAX];
    ssize_t length = readlinkat(link, "", target, sizeof target - 1);
    if (length == -1) return -1;
    target[length] = '\0';
    int total = snprintf(joined, sizeof joined, "%s/%s", target, rest);
    if (total < 0 || (size_t)total >= size || (size_t)total >= sizeof joined) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(rest, joined, (size_t)total + 1);
    return 0;
}

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Takes one step of a walk: the directory goes on in *dir, or a symlink changed *rest. */
static int step(struct layer *layer, int *dir, const char *name, char *rest, size_t size, bool create)
{
    struct stat here, st;
    if (fstat(*dir, &here) == -1) return -1;
    owned_fd next = openat(*dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool hidden = false;
    if (next != -1 && fstat(next, &st) == 0 && is_whiteout(&st) && !layer->merged) {
        hidden = true;
        close_fd(&next);
        errno = create && unlinkat(*dir, name, 0) == -1 ? errno : ENOENT;
    }
    if (next == -1) {
        char path[PATH_MAX];
        if (errno != ENOENT) return -1;
        if (!create) {
            if (!layer->merged && !hidden && canonical_path(layer, *dir, name, path)) note("implied", path);
            errno = ENOENT;
            return -1;
        }
        if (make_implied(layer, *dir, name, &here, hidden) == -1) return -1;
        next = openat(*dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (next == -1 || fstat(next, &st) == -1) return -1;
    }
    int result = 0;
    if (S_ISLNK(st.st_mode)) {
        result = expand_link(next, rest, size);
        if (result == 0 && rest[0] == '/') {
            int root = openat(layer->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
            close(*dir);
            *dir = root;
            result = root == -1 ? -1 : 0;
        }
        return result == -1 ? -1 : 1;
    }
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    close(*dir);
    *dir = steal_fd(&next);
    return 0;
}

/*
 * Resolves a directory as chroot would, part by part, making what is missing: for parents that openat2 alone cannot
 * open. Also the place where what the layer takes for granted about lower layers is noted.
 */
static int walk(struct layer *layer, const char *path, bool create)
{
    char rest[2 * PATH_MAX], name[NAME_MAX + 1];
    struct stat root, here;
    int links = 0;
    owned_fd dir = openat(layer->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir == -1 || fstat(layer->root, &root) == -1) return -1;
    snprintf(rest, sizeof rest, "%s", path);
    for (;;) {
        size_t skip = strspn(rest, "/");
        size_t length = strcspn(rest + skip, "/");
        if (length == 0) break;
        if (length > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, rest + skip, length);
        name[length] = '\0';
        memmove(rest, rest + skip + length, strlen(rest + skip + length) + 1);
        if (strcmp(name, ".") == 0) continue;
        if (strcmp(name, "..") == 0) {
            if (fstat(dir, &here) == -1) return -1;
            /* As in a chroot, the root is its own parent. */
            int up = same(&here, &root) ? dir : openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
            if (up == -1) return -1;
            if (up != dir) close(dir);
            dir = up;
            continue;
        }
        int stepped = step(layer, &dir, name, rest, sizeof rest, create);
        if (stepped == 1 && ++links > MAX_LINKS) {
            errno = ELOOP;
            stepped = -1;
        }
        if (stepped == -1) return -1;
    }
    return openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Ends the stay in the current parent: its time becomes what it was. */
int parent_leave(struct layer *layer)
{
    struct parent *parent = &layer->parent;
    int result = 0;
    if (parent->fd != -1) {
        struct timespec times[] = {parent->before.st_atim, parent->before.st_mtim};
        if (parent->dirty) result = futimens(parent->fd, times);
        close_fd(&parent->fd);
    }
    parent->dirty = false;
    parent->key_length = SIZE_MAX;
    return result;
}

/* The next entry resolves its parent anew: something that a path may lead through was replaced. */
void parent_forget_key(struct layer *layer)
{
    layer->parent.key_length = SIZE_MAX;
}

/*
 * The directory of the next entry, open until the next call. Without `create`, a missing one is ENOENT, after it was
 * noted that the lower layers may have it.
 */
int parent_enter(struct layer *layer, const char *path, size_t length, bool create)
{
    struct parent *parent = &layer->parent;
    if (parent->fd != -1 && parent->key_length == length && memcmp(parent->key, path, length) == 0)
        return parent->fd;
    if (parent_leave(layer) == -1) return -1;
    if (length >= sizeof parent->key) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(parent->key, path, length);
    parent->key[length] = '\0';
    owned_fd fd = open_in_root(layer, parent->key, O_RDONLY | O_DIRECTORY);
    if (fd == -1 && (errno == ENOENT || errno == ENOTDIR)) fd = walk(layer, parent->key, create);
    if (fd == -1) return -1;
    if (fstat(fd, &parent->before) == -1) return -1;
    parent->fd = steal_fd(&fd);
    parent->noted = false;
    parent->key_length = length;
    parent->careful = layer->merged || (parent->before.st_mode & S_ISGID) != 0 ||
                      has_attribute(parent->fd, "system.posix_acl_default");
    return parent->fd;
}
