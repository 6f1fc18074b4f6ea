/*
 * System calls and constants that musl does not wrap. linux/mount.h is not included on purpose: it and glibc's
 * sys/mount.h define the same enums, and the sanitizer build uses glibc.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#define K_CLONE_INTO_CGROUP 0x200000000ULL

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

/* linux/fs.h, which defines what sys/mount.h does: the attributes of chattr(1). */
#define K_FS_IOC_GETFLAGS _IOR('f', 1, long)
#define K_FS_IOC_SETFLAGS _IOW('f', 2, long)
#define K_FS_IOC_FIEMAP _IOWR('f', 11, struct fiemap)
#define K_FS_LOCKED (0x10U /* immutable */ | 0x20U /* append only */)

/* linux/fs.h again: struct fsxattr. */
struct k_fsxattr {
    uint32_t flags, extent_size, extents, project, copy_extent_size;
    unsigned char padding[8];
};
#define K_FS_IOC_FSGETXATTR _IOR('X', 31, struct k_fsxattr)
#define K_FS_IOC_FSSETXATTR _IOW('X', 32, struct k_fsxattr)
#define K_FS_XFLAG_PROJINHERIT 0x200U

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

#define K_RESOLVE_NO_XDEV 0x01
#define K_RESOLVE_NO_MAGICLINKS 0x02
#define K_RESOLVE_NO_SYMLINKS 0x04
#define K_RESOLVE_BENEATH 0x08
#define K_RESOLVE_IN_ROOT 0x10

#define K_OPEN_TREE_CLONE 1
#define K_OPEN_TREE_CLOEXEC O_CLOEXEC
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

#define K_MOVE_MOUNT_F_EMPTY_PATH 0x04
#define K_MOVE_MOUNT_T_EMPTY_PATH 0x40

#define K_FSOPEN_CLOEXEC 1
#define K_FSMOUNT_CLOEXEC 1
#define K_FSCONFIG_SET_FLAG 0
#define K_FSCONFIG_SET_STRING 1
#define K_FSCONFIG_CMD_CREATE 6

#define K_ATTR_RDONLY 0x01
#define K_ATTR_NOSUID 0x02
#define K_ATTR_NODEV 0x04
#define K_ATTR_NOEXEC 0x08
#define K_ATTR_NOATIME 0x10
#define K_ATTR_STRICTATIME 0x20
#define K_ATTR_ATIME_MASK 0x70
#define K_ATTR_IDMAP 0x100000

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define F_SEAL_SEAL 1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW 4
#define F_SEAL_WRITE 8
#endif

struct k_open_how {
    uint64_t flags, mode, resolve;
};

struct k_mount_attr {
    uint64_t attr_set, attr_clr, propagation, userns_fd;
};

struct k_clone_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
        cgroup;
};

/* How often a path is walked at most. A neighbour that does nothing but rename spoils one walk in six. */
#define K_OPENAT2_WALKS 20000

/*
 * openat2(2). EAGAIN with K_RESOLVE_IN_ROOT and K_RESOLVE_BENEATH: while ".." was passed something was renamed or
 * mounted, anywhere on the machine, and the kernel cannot say whether the path stayed within. It may be tried again.
 */
static inline int k_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
    struct k_open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    int fd, walks = K_OPENAT2_WALKS;
    do
        fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
    while (fd < 0 && errno == EAGAIN && --walks > 0);
    return fd;
}

static inline int k_open_tree(int dir, const char *path, unsigned flags)
{
    return (int)syscall(SYS_open_tree, dir, path, flags | K_OPEN_TREE_CLOEXEC);
}

/* Attaches the detached mount `mount` on top of what `target` names (an O_PATH descriptor). */
static inline int k_move_mount(int mount, int target)
{
    return (int)syscall(SYS_move_mount, mount, "", target, "",
                        K_MOVE_MOUNT_F_EMPTY_PATH | K_MOVE_MOUNT_T_EMPTY_PATH);
}

static inline int k_fsopen(const char *type)
{
    return (int)syscall(SYS_fsopen, type, K_FSOPEN_CLOEXEC);
}

static inline int k_fsconfig(int fs, unsigned command, const char *key, const char *value)
{
    return (int)syscall(SYS_fsconfig, fs, command, key, value, 0);
}

static inline int k_fsmount(int fs, unsigned attributes)
{
    return (int)syscall(SYS_fsmount, fs, K_FSMOUNT_CLOEXEC, attributes);
}

static inline int k_mount_setattr(int mount, bool recursive, uint64_t set)
{
    struct k_mount_attr attr = {.attr_set = set};
    if (set & K_ATTR_ATIME_MASK) attr.attr_clr = K_ATTR_ATIME_MASK;
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
                        sizeof attr);
}

/* Read-only in depth, and the mount itself as it was. */
static inline int k_mount_close_below(int mount)
{
    struct k_mount_attr opened = {.attr_clr = K_ATTR_RDONLY};
    if (k_mount_setattr(mount, true, K_ATTR_RDONLY) < 0) return -1;
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &opened, sizeof opened);
}

/* Shows the owners of a mount that is attached nowhere through the maps of a user namespace. */
static inline int k_mount_idmap(int mount, int users)
{
    struct k_mount_attr attr = {.attr_set = K_ATTR_IDMAP, .userns_fd = (uint64_t)users};
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &attr, sizeof attr);
}

/* `propagation` is MS_PRIVATE, MS_SLAVE or MS_SHARED (mount_namespaces(7)). */
static inline int k_mount_propagation(int mount, bool recursive, unsigned long propagation)
{
    struct k_mount_attr attr = {.propagation = propagation};
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
                        sizeof attr);
}

/* Whether something is mounted right there: struct statx, of which the second 8 bytes are attributes. */
static inline bool k_is_mount_root(int fd)
{
    uint64_t status[32];
    return syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0, status) == 0 && (status[1] & 0x2000);
}

static inline int k_quotactl_fd(int fd, unsigned command, uint32_t id, void *data)
{
    return (int)syscall(SYS_quotactl_fd, fd, command, id, data);
}

static inline int k_pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int k_pidfd_send_signal(int pidfd, int number)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

static inline int k_clone3(struct k_clone_args *args)
{
    return (int)syscall(SYS_clone3, args, sizeof *args);
}

/* clone(2) as fork(2) with flags; the order of its other arguments, which differs, does not matter. */
static inline int k_clone(unsigned long flags)
{
    return (int)syscall(SYS_clone, flags, 0, 0, 0, 0);
}

static inline int k_close_range(unsigned first, unsigned last, unsigned flags)
{
    return (int)syscall(SYS_close_range, first, last, flags);
}
