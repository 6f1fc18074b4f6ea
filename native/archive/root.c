#include "archive/root.h"

#include "base/kernel.h"
#include "base/plan.h"
#include "base/report.h"
#include "base/rootfs.h"
#include "base/util.h"
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

static int perform_mounts(const struct plan *plan, struct rootfs *rootfs)
{
    struct record record = {.end = NULL};
    while (plan_next(plan, SECTION_INIT, &record)) {
        if (perform_step(rootfs, &record) < 0) return -1;
    }
    return 0;
}

static int open_planned(const char *path)
{
    struct plan plan;
    struct rootfs rootfs = {.root = -1, .lender = -1, .mount_point = -1};
    if (plan_open(&plan, path) < 0) return -1;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return failed(STAGE_ARCHIVE_ROOT, path);
    return perform_mounts(&plan, &rootfs) < 0 ? -1 : rootfs.root;
}

int open_root(const char *text)
{
    int root = -1;
    if (strncmp(text, "dir:", 4) == 0) return open_directory(text + 4);
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
