#include "monitor/host_mount.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "init/mounts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

/* The bytes of a lock's file: one for whoever mounts or unmounts, one for all who need what is mounted. */
enum { CHANGING, NEEDING };

static int *needed;
static size_t needed_count;

/* Locks of open file descriptions (fcntl(2)): children that are just being forked have them, too, until they close. */
static int lock_byte(int fd, off_t byte, short type, bool wait)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int result;
    do
        result = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
    while (result < 0 && errno == EINTR);
    return result;
}

static int open_lock(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int mount_at(const char *const *arg)
{
    uint64_t attributes;
    owned_fd directory = open(arg[0], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) return -1;
    if (k_is_mount_root(directory)) return 0;
    if (mount_attributes(arg[4], &attributes, NULL, NULL) < 0) return -1;
    owned_fd mount = make_file_system(arg[2], arg[3], arg[5], attributes);
    return mount < 0 ? -1 : k_move_mount(mount, directory);
}

static int remember(int fd)
{
    int *grown = realloc(needed, (needed_count + 1) * sizeof *needed);
    if (grown == NULL) return -1;
    needed = grown;
    needed[needed_count++] = fd;
    return 0;
}

int host_mount(const struct record *record)
{
    owned_fd lock = open_lock(record->arg[1]);
    if (lock < 0 || lock_byte(lock, CHANGING, F_WRLCK, true) < 0 ||
        lock_byte(lock, NEEDING, F_RDLCK, true) < 0 || mount_at(record->arg) < 0 ||
        lock_byte(lock, CHANGING, F_UNLCK, false) < 0 || remember(lock) < 0)
        return -1;
    steal_fd(&lock);
    return 0;
}

void host_mounts_release(void)
{
    for (size_t i = 0; i < needed_count; i++)
        close(needed[i]);
    needed_count = 0;
}

int host_unmount(const char *directory, const char *path)
{
    owned_fd lock = open_lock(path);
    if (lock < 0) return errno == ENOENT ? 0 : -1;
    if (lock_byte(lock, CHANGING, F_WRLCK, false) < 0 || lock_byte(lock, NEEDING, F_WRLCK, false) < 0)
        return errno == EAGAIN || errno == EACCES ? 0 : -1;
    owned_fd root = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root < 0) return errno == ENOENT ? 0 : -1;
    if (!k_is_mount_root(root)) return 0;
    close_fd(&root);
    return umount2(directory, MNT_DETACH | UMOUNT_NOFOLLOW);
}

int host_unmount_main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: host-unmount DIRECTORY LOCK\n", stderr);
        return 2;
    }
    if (host_unmount(argv[1], argv[2]) == 0) return 0;
    failed(STAGE_CLEANUP, argv[1]);
    report_noted_failure();
    return 1;
}
