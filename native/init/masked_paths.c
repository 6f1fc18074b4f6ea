#include "init/masked_paths.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool is_missing(int error)
{
    return error == ENOENT || error == ENOTDIR;
}

/*
 * A detached mount of /dev/null. After the pivot it is the container's own, so what stands there is checked: an image
 * could have put something else in its place, which would then be mounted over what should be hidden (CVE-2025-31133).
 */
static int clone_null(const struct rootfs *rootfs)
{
    owned_fd null = rootfs->pivoted ? rootfs_open(rootfs, "/dev/null", MISSING_FAILS, K_RESOLVE_NO_SYMLINKS)
                                    : open("/dev/null", O_PATH | O_CLOEXEC);
    struct stat stat;
    if (null < 0 || fstat(null, &stat) < 0) return -1;
    if (!S_ISCHR(stat.st_mode) || stat.st_rdev != makedev(1, 3)) return fail_with(ENODEV);
    return k_open_tree(null, "", K_OPEN_TREE_CLONE | AT_EMPTY_PATH);
}

static int empty_directory(void)
{
    owned_fd fs = k_fsopen("tmpfs");
    if (fs < 0 || k_fsconfig(fs, K_FSCONFIG_SET_STRING, "source", "tmpfs") < 0 ||
        k_fsconfig(fs, K_FSCONFIG_SET_STRING, "mode", "755") < 0 ||
        k_fsconfig(fs, K_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
        return -1;
    return k_fsmount(fs, K_ATTR_RDONLY | K_ATTR_NOSUID | K_ATTR_NODEV | K_ATTR_NOEXEC);
}

static int mask(const struct rootfs *rootfs, const char *path)
{
    owned_fd target = rootfs_open(rootfs, path, MISSING_FAILS, 0);
    if (target < 0) return is_missing(errno) ? 0 : -1;
    struct stat stat;
    if (fstat(target, &stat) < 0) return -1;
    owned_fd cover = S_ISDIR(stat.st_mode) ? empty_directory() : clone_null(rootfs);
    return cover < 0 ? -1 : k_move_mount(cover, target);
}

int step_mask(struct rootfs *rootfs, const struct record *record)
{
    return mask(rootfs, record->arg[0]) < 0 ? failed(STAGE_MASK, record->arg[0]) : 0;
}

static int make_readonly(const struct rootfs *rootfs, const char *path)
{
    owned_fd target = rootfs_open(rootfs, path, MISSING_FAILS, 0);
    if (target < 0) return is_missing(errno) ? 0 : -1;
    owned_fd clone = k_open_tree(target, "", K_OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE);
    if (clone < 0 || k_mount_setattr(clone, true, K_ATTR_RDONLY) < 0) return -1;
    return k_move_mount(clone, target);
}

int step_readonly(struct rootfs *rootfs, const struct record *record)
{
    return make_readonly(rootfs, record->arg[0]) < 0 ? failed(STAGE_READONLY, record->arg[0]) : 0;
}

int step_root_readonly(struct rootfs *rootfs, const struct record *record)
{
    (void)record;
    return k_mount_setattr(rootfs->root, false, K_ATTR_RDONLY) < 0 ? failed(STAGE_ROOT_READONLY, "/") : 0;
}
