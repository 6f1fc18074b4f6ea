#include "archive/kernel_files.h"

#include <linux/magic.h>
#include <stddef.h>
#include <sys/vfs.h>

bool is_of_the_kernel(int fd)
{
    static const unsigned long types[] = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,         DEVPTS_SUPER_MAGIC,
                                          CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, 0x19800202 /* mqueue */,
                                          DEBUGFS_MAGIC,      TRACEFS_MAGIC,       SECURITYFS_MAGIC,
                                          BPF_FS_MAGIC,       PSTOREFS_MAGIC,      EFIVARFS_MAGIC};
    struct statfs filesystem;
    if (fstatfs(fd, &filesystem) < 0) return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if ((unsigned long)filesystem.f_type == types[i]) return true;
    }
    return false;
}
