#include "archive/metadata.h"

#include "base/util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

/* ENOSPC is also what ext4 says when an attribute is larger than an inode's block; then the disk has room left. */
static bool has_room(int fd)
{
    struct statvfs fs;
    if (fstatvfs(fd, &fs) < 0) return false;
    bool blocks = fs.f_blocks == 0 || fs.f_bfree * fs.f_frsize >= 256 << 10;
    return blocks && (fs.f_files == 0 || fs.f_ffree >= 256);
}

/* What gives rights is never left out; other attributes are where a file system cannot hold them. */
static bool may_be_left_out(int fd, const char *name, int error)
{
    if (strcmp(name, "security.capability") == 0) return false;
    return error == EOPNOTSUPP || error == EPERM || error == E2BIG || (error == ENOSPC && has_room(fd));
}

int give_attribute(int fd, const struct attribute *attribute, char left_out[LEFT_OUT_SIZE])
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (setxattr(path, attribute->name, attribute->value, attribute->size, 0) == 0) return 0;
    if (left_out == NULL || !may_be_left_out(fd, attribute->name, errno)) return -1;
    if (*left_out == '\0') snprintf(left_out, LEFT_OUT_SIZE, "%s", attribute->name);
    return 0;
}

/* By way of procfs, as fchmod(2) does not take O_PATH; musl's goes that way by itself. */
static int set_mode(int fd, mode_t mode)
{
    char path[32];
    if (fchmod(fd, mode & 07777) == 0) return 0;
    if (errno != EBADF) return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return chmod(path, mode & 07777);
}

/*
 * Owner first: a change of it takes set-id bits and capabilities away. What is so already is not set: each change of an
 * inode is one more for the file system's journal. A symlink has no mode, whatever an archive says.
 */
int give_metadata(int fd, const struct making *making, char left_out[LEFT_OUT_SIZE])
{
    struct stat is;
    if (fstat(fd, &is) < 0) return -1;
    bool owned = is.st_uid == making->stat.st_uid && is.st_gid == making->stat.st_gid;
    if (!owned && fchownat(fd, "", making->stat.st_uid, making->stat.st_gid, AT_EMPTY_PATH) < 0) return -1;
    bool special = (making->stat.st_mode & 07000) != 0;
    bool differs = (!owned && special) || is.st_mode != making->stat.st_mode;
    if (differs && !S_ISLNK(is.st_mode) && set_mode(fd, making->stat.st_mode) < 0) return -1;
    for (size_t i = 0; i < making->attribute_count; i++) {
        const struct attribute *attribute = &making->attributes[i];
        if (S_ISDIR(is.st_mode) && strcmp(attribute->name, DEFAULT_ACL) == 0) continue;
        if (give_attribute(fd, attribute, left_out) < 0) return -1;
    }
    return 0;
}

int give_times(int fd, const struct stat *stat)
{
    const struct timespec times[] = {stat->st_atim, stat->st_mtim};
    return utimensat(fd, "", times, AT_EMPTY_PATH);
}
