/*
 * Whiteouts hide what lower layers have, never what this layer has, whatever the order in the archive. Alone in its
 * directory, a layer says so in overlay's words; on an overlay, lower things are deleted and the kernel says it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/tree.h"
#include "base/util.h"
#include "layer/apply.h"

static int remove_lower_children(struct layer *layer, int dir);

/* Removes a name from the merged view, except what this layer wrote there. */
static int remove_lower(struct layer *layer, int parent, const char *name)
{
    char path[PATH_MAX];
    if (!canonical_path(layer, parent, name, path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (!is_marked(layer, path)) return tree_remove(parent, name);
    owned_fd dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir == -1) return errno == ENOTDIR || errno == ELOOP || errno == ENOENT ? 0 : -1;
    struct stat before;
    int result = fstat(dir, &before) == -1 ? -1 : remove_lower_children(layer, dir);
    struct timespec times[] = {before.st_atim, before.st_mtim};
    return result == 1 ? futimens(dir, times) : result;
}

/* Returns 1 when the directory may have changed. */
static int remove_lower_children(struct layer *layer, int dir)
{
    int scan_fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *scan = scan_fd == -1 ? NULL : fdopendir(scan_fd);
    if (scan == NULL) {
        if (scan_fd != -1) close(scan_fd);
        return -1;
    }
    int result = 0;
    struct dirent *entry;
    while (result != -1 && (errno = 0, entry = readdir(scan)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = remove_lower(layer, dir, entry->d_name) == -1 ? -1 : 1;
    }
    if (result != -1 && errno != 0) result = -1;
    int saved = errno;
    closedir(scan);
    errno = saved;
    return result;
}

/* Enters the directory of a whiteout; 0 when there is none, and so nothing to hide. */
static int enter_existing(struct layer *layer, const char *path, size_t length, int *dir)
{
    *dir = parent_enter(layer, path, length, false);
    if (*dir != -1) return 1;
    return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

int apply_whiteout(struct layer *layer, const char *path)
{
    size_t length;
    int dir;
    struct stat st;
    const char *name = split_path(path, &length);
    int entered = enter_existing(layer, path, length, &dir);
    if (entered != 1) return entered;
    if (layer->merged) {
        layer->parent.dirty = true;
        parent_forget_key(layer);
        return remove_lower(layer, dir, name);
    }
    char canonical[PATH_MAX];
    layer->parent.dirty = true;
    if (mknodat(dir, name, S_IFCHR, makedev(0, 0)) == 0) {
        /* Overlay shows whiteouts in directories that only one layer has: whether this is one, TypeScript can see. */
        if (!layer->parent.noted && canonical_path(layer, dir, NULL, canonical)) note("whiteout", canonical);
        layer->parent.noted = true;
        return 0;
    }
    if (errno != EEXIST || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1) return -1;
    if (!S_ISDIR(st.st_mode)) return 0;
    if (canonical_path(layer, dir, name, canonical)) note("opaque", canonical);
    return set_opaque(dir, name);
}

int apply_opaque(struct layer *layer, const char *path)
{
    int dir;
    char canonical[PATH_MAX];
    int entered = enter_existing(layer, path, strlen(path), &dir);
    if (entered != 1) return entered;
    if (layer->merged) {
        layer->parent.dirty = true;
        parent_forget_key(layer);
        return remove_lower_children(layer, dir) == -1 ? -1 : 0;
    }
    if (canonical_path(layer, dir, NULL, canonical)) note("opaque", canonical);
    return set_opaque(dir, NULL);
}
