#include "init/terminal.h"

#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static struct winsize expected_size;

void terminal_expect_size(const struct winsize *size)
{
    expected_size = *size;
}

/*
 * Opens the master of a new terminal. In devpts nobody can make anything, so what is called ptmx there is the kernel's.
 */
static int open_master(const struct rootfs *rootfs)
{
    struct statfs filesystem;
    struct stat stat;
    if (rootfs->root < 0) return fail_with(EBADF);
    owned_fd directory = k_openat2(rootfs->root, "/dev/pts", O_PATH | O_DIRECTORY, 0,
                                   K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS | K_RESOLVE_NO_SYMLINKS);
    if (directory < 0 || fstatfs(directory, &filesystem) < 0) return -1;
    if (filesystem.f_type != DEVPTS_SUPER_MAGIC) return fail_with(ENODEV);
    owned_fd master = openat(directory, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    if (master < 0 || fstat(master, &stat) < 0) return -1;
    if (!S_ISCHR(stat.st_mode) || stat.st_rdev != makedev(5, 2)) return fail_with(ENODEV);
    return steal_fd(&master);
}

int terminal_make(const struct rootfs *rootfs, int socket)
{
    int unlocked = 0;
    owned_fd master = open_master(rootfs);
    if (master < 0) return failed(STAGE_TERMINAL, "/dev/pts/ptmx");
    if (ioctl(master, TIOCSPTLCK, &unlocked) < 0) return failed(STAGE_TERMINAL, "/dev/pts/ptmx");
    owned_fd slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || ioctl(master, TIOCSWINSZ, &expected_size) < 0) return failed(STAGE_TERMINAL, "/dev/pts");
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(slave, fd) < 0) return failed(STAGE_TERMINAL, "/dev/pts");
    }
    return send_descriptor(socket, master) < 0 ? failed(STAGE_TERMINAL, "socket") : 0;
}

int terminal_control(void)
{
    return ioctl(0, TIOCSCTTY, 0) < 0 ? failed(STAGE_TERMINAL, "controlling terminal") : 0;
}

int terminal_bind_console(const struct rootfs *rootfs)
{
    owned_fd mount = k_open_tree(0, "", K_OPEN_TREE_CLONE | AT_EMPTY_PATH);
    owned_fd target =
        mount < 0 ? -1 : rootfs_open(rootfs, "/dev/console", MISSING_BECOMES_FILE, K_RESOLVE_NO_SYMLINKS);
    if (target < 0 || k_move_mount(mount, target) < 0) return failed(STAGE_TERMINAL, "/dev/console");
    return 0;
}

int terminal_receive(int socket)
{
    int master;
    if (receive_descriptor(socket, &master) < 0) return failed(STAGE_TERMINAL, "socket");
    if (master < 0) return fail_with(EPROTO), failed(STAGE_TERMINAL, "socket");
    return fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK) < 0 ? failed(STAGE_TERMINAL, "socket") : master;
}
