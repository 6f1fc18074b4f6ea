#include "base/project_quota.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"

#include <linux/dqblk_xfs.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* The unit of limits and usage. */
#define BASIC_BLOCK 512

/* So many numbers in use one after the other are no accident. */
#define TRIES 100000

static int quotactl(int dir, unsigned command, uint32_t project, void *data)
{
    return k_quotactl_fd(dir, command << 8 | XQM_PRJQUOTA, project, data);
}

enum quota_support quota_support(int dir)
{
    struct fs_quota_statv state = {.qs_version = FS_QSTATV_VERSION1};
    if (quotactl(dir, Q_XGETQSTATV, 0, &state) == 0)
        return state.qs_flags & FS_QUOTA_PDQ_ENFD ? QUOTA_ENFORCED : QUOTA_NOT_OF_FILE_SYSTEM;
    /* A file system without quotas says ENOSYS as well. */
    bool known = quotactl(-1, Q_XGETQSTATV, 0, &state) == 0 || errno != ENOSYS;
    return known ? QUOTA_NOT_OF_FILE_SYSTEM : QUOTA_NOT_OF_KERNEL;
}

/* 1 when no file is of this project, 0 when one is; -1 with errno. */
static int is_free(int dir, uint32_t project)
{
    struct fs_disk_quota quota = {0};
    /* XFS keeps nothing of a project that never was. */
    if (quotactl(dir, Q_XGETQUOTA, project, &quota) < 0) return errno == ENOENT ? 1 : -1;
    return quota.d_icount == 0 && quota.d_bcount == 0;
}

static int64_t find_free(int dir, uint32_t first)
{
    for (uint32_t project = first; project - first < TRIES; project++) {
        int result = project == 0 ? 0 : is_free(dir, project);
        if (result < 0) return -1;
        if (result > 0) return project;
    }
    return fail_with(ENOSPC);
}

/* 0 is no limit. */
static int set_limit(int dir, uint32_t project, uint64_t bytes)
{
    uint64_t blocks = bytes / BASIC_BLOCK + (bytes % BASIC_BLOCK != 0);
    struct fs_disk_quota quota = {.d_version = FS_DQUOT_VERSION,
                                  .d_flags = FS_PROJ_QUOTA,
                                  .d_fieldmask = FS_DQ_BSOFT | FS_DQ_BHARD,
                                  .d_id = project,
                                  .d_blk_softlimit = blocks,
                                  .d_blk_hardlimit = blocks};
    return quotactl(dir, Q_XSETQLIM, project, &quota);
}

static int open_directory(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int hand_down(const char *directory, uint32_t project)
{
    struct k_fsxattr attributes;
    owned_fd fd = open_directory(directory);
    if (fd < 0 || ioctl(fd, K_FS_IOC_FSGETXATTR, &attributes) < 0) return failed(STAGE_QUOTA, directory);
    attributes.project = project;
    attributes.flags |= K_FS_XFLAG_PROJINHERIT;
    return ioctl(fd, K_FS_IOC_FSSETXATTR, &attributes) < 0 ? failed(STAGE_QUOTA, directory) : 0;
}

/*
 * Locks the file system for those who look for a project: its uppermost directory that can be reached from `dir`, which
 * is the same one for all stores on it. The lock goes with the descriptor that is returned.
 */
static int lock_file_system(int dir)
{
    struct stat here, above;
    owned_fd top = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0 || fstat(top, &here) < 0) return -1;
    for (;;) {
        owned_fd parent = openat(top, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent < 0 || fstat(parent, &above) < 0) return -1;
        if (above.st_dev != here.st_dev || above.st_ino == here.st_ino) break;
        here = above;
        int child = top;
        top = steal_fd(&parent);
        close_fd(&child);
    }
    int result;
    do
        result = flock(top, LOCK_EX);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -1 : steal_fd(&top);
}

int64_t quota_claim(uint32_t first, uint64_t bytes, char *const *directories, size_t count)
{
    owned_fd dir = open_directory(directories[0]);
    owned_fd lock = dir < 0 ? -1 : lock_file_system(dir);
    int64_t project = lock < 0 ? -1 : find_free(dir, first);
    if (project < 0 || set_limit(dir, (uint32_t)project, bytes) < 0)
        return failed(STAGE_QUOTA, directories[0]);
    for (size_t i = 0; i < count; i++) {
        if (hand_down(directories[i], (uint32_t)project) == 0) continue;
        int error = errno;
        set_limit(dir, (uint32_t)project, 0);
        return fail_with(error);
    }
    return project;
}

int quota_limit(const char *directory, uint64_t bytes)
{
    struct k_fsxattr attributes;
    owned_fd fd = open_directory(directory);
    if (fd < 0 || ioctl(fd, K_FS_IOC_FSGETXATTR, &attributes) < 0) return -1;
    if (attributes.project == 0 || !(attributes.flags & K_FS_XFLAG_PROJINHERIT)) return fail_with(ENODATA);
    return set_limit(fd, attributes.project, bytes);
}

/* Whether a failure says that there are no quotas any more: mounted without, nothing is left to be released. */
static bool is_off(void)
{
    return errno == ENOSYS || errno == ESRCH || errno == ENOTTY || errno == EOPNOTSUPP;
}

int quota_release(const char *directory)
{
    if (quota_limit(directory, 0) == 0 || errno == ENOENT || errno == ENODATA || is_off()) return 0;
    return failed(STAGE_QUOTA, directory);
}
