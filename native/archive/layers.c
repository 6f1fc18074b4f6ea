#include "archive/layers.h"

#include "base/util.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

bool is_gone_below(const struct stat *stat)
{
    return S_ISCHR(stat->st_mode) && stat->st_rdev == makedev(0, 0);
}

bool is_opaque(int fd)
{
    char path[32], value;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return (getxattr(path, "trusted.overlay.opaque", &value, 1) == 1 ||
            getxattr(path, "user.overlay.opaque", &value, 1) == 1) &&
           value == 'y';
}

int mark_opaque(int fd)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return setxattr(path, "trusted.overlay.opaque", "y", 1, 0);
}

/* The directories by number, "7:8:9": hundreds of them fit into the one page that mount(2) has for options. */
static int list_directories(char *options, size_t size, char *const *directories, int count)
{
    for (int i = 0; i < count; i++) {
        int fd = open(directories[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return -1;
        size_t used = strlen(options);
        if (snprintf(options + used, size - used, i == 0 ? "%d" : ":%d", fd) >= (int)(size - used))
            return fail_with(E2BIG);
    }
    return 0;
}

int open_layers(char *const *directories, int count, const char *mount_point)
{
    char options[4096] = "metacopy=off,index=off,lowerdir=";
    if (count == 1) return open(directories[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        list_directories(options, sizeof options, directories, count) < 0 || chdir("/proc/self/fd") < 0 ||
        mount("overlay", mount_point, "overlay", MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC, options) < 0 ||
        chdir("/") < 0)
        return -1;
    return open(mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC);
}
