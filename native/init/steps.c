#include "init/steps.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/sysctl.h"
#include "base/util.h"
#include "init/masked_paths.h"
#include "init/memory.h"
#include "init/mounts.h"
#include "init/overlay.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static int make_node(struct rootfs *rootfs, const struct record *record)
{
    uint64_t major, minor, mode, owner, group;
    char type = record->arg[1][0];
    if ((type != 'c' && type != 'b') || parse_unsigned(record->arg[2], 10, &major) < 0 ||
        parse_unsigned(record->arg[3], 10, &minor) < 0 || parse_unsigned(record->arg[4], 8, &mode) < 0 ||
        mode > 07777 || parse_unsigned(record->arg[5], 10, &owner) < 0 ||
        parse_unsigned(record->arg[6], 10, &group) < 0)
        return fail_with(EINVAL);
    const char *name;
    owned_fd parent = rootfs_open_parent(rootfs, record->arg[0], &name);
    if (parent < 0) return -1;
    if (mknodat(parent, name, (type == 'c' ? S_IFCHR : S_IFBLK) | (mode_t)mode,
                makedev((unsigned)major, (unsigned)minor)) < 0)
        return -1;
    if (owner == 0 && group == 0) return 0;
    return fchownat(parent, name, (uid_t)owner, (gid_t)group, AT_SYMLINK_NOFOLLOW);
}

/* An image may have the name already (/etc/mtab): it keeps what it has. */
static int make_symlink(struct rootfs *rootfs, const struct record *record)
{
    const char *name;
    owned_fd parent = rootfs_open_parent(rootfs, record->arg[0], &name);
    if (parent < 0) return -1;
    return symlinkat(record->arg[1], parent, name) == 0 || errno == EEXIST ? 0 : -1;
}

static int raise_loopback(void)
{
    owned_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 && errno == EAFNOSUPPORT) fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    return fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &request);
}

/*
 * pivot_root(2), "pivot_root(".", ".")": the old root ends up on top of the new one, and is then lazily unmounted.
 * Without a directory for the old root nothing has to be made in, or removed from, the image.
 */
static int pivot(struct rootfs *rootfs)
{
    if (rootfs->root < 0) return fail_with(EBADF);
    if (fchdir(rootfs->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0) return -1;
    if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0) return -1;
    rootfs->pivoted = true;
    return 0;
}

int perform_step(struct rootfs *rootfs, const struct record *record)
{
    const char *const *arg = record->arg;
    switch (record->op) {
    case OP_PROPAGATION:
        return step_propagation(record);
    case OP_OVERLAY:
        return step_overlay(rootfs, record);
    case OP_BIND_ROOT:
        return step_bind_root(rootfs, record);
    case OP_MOUNT:
        return step_mount(rootfs, record);
    case OP_BIND:
    case OP_BIND_BENEATH:
        return step_bind(rootfs, record);
    case OP_BIND_OF:
        return step_bind_of(rootfs, record);
    case OP_OVERLAY_AT:
        return step_overlay_at(rootfs, record);
    case OP_MEMORY:
    case OP_MEMORY_FILE:
        return step_memory(rootfs, record);
    case OP_NODE:
        return make_node(rootfs, record) < 0 ? failed(STAGE_NODE, arg[0]) : 0;
    case OP_SYMLINK:
        return make_symlink(rootfs, record) < 0 ? failed(STAGE_SYMLINK, arg[0]) : 0;
    case OP_HOSTNAME:
        return sethostname(arg[0], strlen(arg[0])) < 0 ? failed(STAGE_HOSTNAME, arg[0]) : 0;
    case OP_DOMAINNAME:
        return setdomainname(arg[0], strlen(arg[0])) < 0 ? failed(STAGE_DOMAINNAME, arg[0]) : 0;
    case OP_SYSCTL:
        return write_sysctl(arg[0], arg[1]) < 0 ? failed(STAGE_SYSCTL, arg[0]) : 0;
    case OP_LOOPBACK:
        return raise_loopback() < 0 ? failed(STAGE_LOOPBACK, "lo") : 0;
    case OP_PIVOT:
        return pivot(rootfs) < 0 ? failed(STAGE_PIVOT, "/") : 0;
    case OP_CGROUP_MOUNT:
        return step_cgroup_mount(rootfs, record);
    case OP_MASK:
        return step_mask(rootfs, record);
    case OP_READONLY:
        return step_readonly(rootfs, record);
    case OP_ROOT_READONLY:
        return step_root_readonly(rootfs, record);
    default:
        errno = EINVAL;
        return failed(STAGE_PLAN, record_name(record));
    }
}
