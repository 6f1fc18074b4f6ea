#include "archive/root.h"

#include "base/kernel.h"
#include "base/plan.h"
#include "base/report.h"
#include "base/rootfs.h"
#include "base/util.h"
#include "confine/idmap.h"
#include "init/bind.h"
#include "init/mounts.h"
#include "init/overlay.h"
#include "init/steps.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

static int open_directory(const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? failed(STAGE_ARCHIVE_ROOT, path) : fd;
}

static int open_mounted(const char *path)
{
    owned_fd fd = open_directory(path);
    if (fd < 0) return -1;
    return k_is_mount_root(fd) ? steal_fd(&fd) : (fail_with(EINVAL), failed(STAGE_ARCHIVE_ROOT, path));
}

/* `PID:STARTTIME`. The root is opened before it is asked whether it still is that process: a pid may be given anew. */
static int open_process_file(const char *text, const char *file, int flags)
{
    char pid[16], path[64];
    const char *colon = strchr(text, ':');
    if (colon == NULL || colon - text >= (int)sizeof pid) return fail_with(EINVAL);
    snprintf(pid, sizeof pid, "%.*s", (int)(colon - text), text);
    snprintf(path, sizeof path, "/proc/%s/%s", pid, file);
    owned_fd opened = open(path, flags | O_CLOEXEC);
    if (opened < 0) return errno == ENOENT ? fail_with(ESRCH) : -1;
    owned_fd process = open_process(pid, colon + 1);
    return process < 0 ? -1 : steal_fd(&opened);
}

/* Back to where we were: what lies in a container's mount namespace, its /proc above all, is not to be believed. */
static int return_to(int mounts, int root)
{
    return setns(mounts, CLONE_NEWNS) < 0 || fchdir(root) < 0 ? -1 : chroot(".");
}

/* A copy of the mount alone can be made only where it is: in the container's mount namespace. */
static int open_bare(const char *text)
{
    owned_fd own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    owned_fd own_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    owned_fd root = open_process_file(text, "root", O_PATH | O_DIRECTORY);
    owned_fd mounts = open_process_file(text, "ns/mnt", O_RDONLY);
    if (own < 0 || own_root < 0 || root < 0 || mounts < 0 || setns(mounts, CLONE_NEWNS) < 0) return -1;
    owned_fd bare = k_open_tree(root, "", K_OPEN_TREE_CLONE | AT_EMPTY_PATH);
    return return_to(own, own_root) < 0 ? -1 : steal_fd(&bare);
}

/* The plan's user namespace, through whose maps layers and binds are shown; without one `users` is -1. */
struct mapped {
    int users;
    struct owner owner;
};

static int attach_root(struct rootfs *rootfs, const struct record *record, const struct mapped *mapped)
{
    rootfs->root = record->op == OP_OVERLAY ? make_overlay(record, mapped->users, &mapped->owner)
                                            : clone_bind_root(record, mapped->users);
    if (rootfs->root < 0) return -1;
    owned_fd target = open(record->arg[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
    return target < 0 || k_move_mount(rootfs->root, target) < 0 ? failed(STAGE_OVERLAY, record->arg[0]) : 0;
}

static int attach_bind(struct rootfs *rootfs, const struct record *record, const struct mapped *mapped)
{
    struct bind bind = bind_read(record);
    owned_fd mount = clone_bind(record, mapped->users, NULL);
    if (mount < 0) return -1;
    if (attach_at(rootfs, mount, bind.target, bind.flags) == 0) return 0;
    /* The first start makes the place. Until then a tree that is only read goes without. */
    return errno == EROFS ? 0 : failed(STAGE_BIND, bind.target);
}

static int attach_overlay(struct rootfs *rootfs, const struct record *record, const struct mapped *mapped)
{
    owned_fd mount = make_overlay_at(record, mapped->users, &mapped->owner);
    if (attach_at(rootfs, mount, record->arg[0], record->arg[3]) < 0)
        return failed(STAGE_OVERLAY_AT, record->arg[0]);
    return 0;
}

static bool is_mapped(const struct record *record)
{
    if (record->op == OP_BIND_ROOT) return has_word(record->arg[2], "idmap");
    bool overlays = record->op == OP_OVERLAY || record->op == OP_OVERLAY_AT;
    return overlays && has_word(record->arg[3], "idmap");
}

static int perform_mount(struct rootfs *rootfs, const struct record *record, const struct mapped *mapped)
{
    if (record->op == OP_BIND || record->op == OP_BIND_BENEATH) return attach_bind(rootfs, record, mapped);
    if (!is_mapped(record)) return perform_step(rootfs, record);
    return record->op == OP_OVERLAY_AT ? attach_overlay(rootfs, record, mapped)
                                       : attach_root(rootfs, record, mapped);
}

static int perform_mounts(const struct plan *plan, struct rootfs *rootfs, const struct mapped *mapped)
{
    struct record record = {.end = NULL};
    while (plan_next(plan, SECTION_INIT, &record)) {
        if (perform_mount(rootfs, &record, mapped) < 0) return -1;
    }
    return 0;
}

/* Once: what is mounted in a namespace that nobody is in any more loses what is mounted below. */
static int leave_mounts(void)
{
    static bool left;
    if (left) return 0;
    left = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return left ? 0 : -1;
}

static int open_planned(const char *path)
{
    struct plan plan;
    struct rootfs rootfs = {.root = -1, .lender = -1, .mount_point = -1};
    struct mapped mapped = {.users = -1};
    if (plan_open(&plan, path) < 0) return -1;
    if (leave_mounts() < 0) return failed(STAGE_ARCHIVE_ROOT, path);
    if ((plan.namespaces & CLONE_NEWUSER) && (mapped.users = make_users(&plan, &mapped.owner)) < 0) return -1;
    int result = perform_mounts(&plan, &rootfs, &mapped);
    close_fd(&mapped.users);
    return result < 0 ? -1 : rootfs.root;
}

int open_root(const char *text)
{
    int root = -1;
    if (strncmp(text, "dir:", 4) == 0) return open_directory(text + 4);
    if (strncmp(text, "mount:", 6) == 0) return open_mounted(text + 6);
    if (strncmp(text, "plan:", 5) == 0) return open_planned(text + 5);
    if (strncmp(text, "pid:", 4) == 0)
        root = open_process_file(text + 4, "root", O_PATH | O_DIRECTORY);
    else if (strncmp(text, "bare:", 5) == 0)
        root = open_bare(text + 5);
    else
        errno = EINVAL;
    return root < 0 ? failed(STAGE_ARCHIVE_ROOT, text) : root;
}

int root_open(int root, const char *path, bool follow)
{
    return k_openat2(root, *path == '\0' ? "." : path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0,
                     K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS);
}
