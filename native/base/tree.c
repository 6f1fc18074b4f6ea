#include "base/tree.h"

#include "base/kernel.h"
#include "base/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EMPTIED, DESCEND };

#define BENEATH (K_RESOLVE_BENEATH | K_RESOLVE_NO_XDEV | K_RESOLVE_NO_SYMLINKS)

/* Each one in vain means that somebody else has made progress; against a file system that is out of its mind. */
#define ATTEMPTS_MAX 100000

/* A directory below another of the same mount: a file system that someone forgot mounted must not be emptied. */
static int open_child(int parent, const char *name)
{
    return k_openat2(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, BENEATH);
}

/* Removes one name unless it is a directory with something inside; then returns 1. */
static int remove_one(int parent, const char *name, unsigned char type)
{
    if (type != DT_DIR) {
        if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
        /* A directory whose type was not known: EISDIR on Linux, EPERM says POSIX. */
        if (errno != EISDIR && errno != EPERM) return -1;
        int saved = errno;
        struct stat st;
        if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode)) {
            errno = saved;
            return -1;
        }
    }
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
    return errno == ENOTEMPTY || errno == EEXIST ? 1 : -1;
}

/* Takes both attributes of chattr(1) away that keep root, too, from removing something. False: it had neither. */
static bool unlock(int fd)
{
    unsigned flags = 0;
    if (ioctl(fd, K_FS_IOC_GETFLAGS, &flags) < 0 || (flags & K_FS_LOCKED) == 0) return false;
    flags &= ~K_FS_LOCKED;
    return ioctl(fd, K_FS_IOC_SETFLAGS, &flags) == 0;
}

/* Only files and directories are opened: of a device it would be the driver that hears of it. */
static bool unlock_child(int parent, const char *name)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        return false;
    owned_fd fd = k_openat2(parent, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, BENEATH);
    return fd >= 0 && unlock(fd);
}

/*
 * The same where a container with CAP_LINUX_IMMUTABLE has locked what is to go. The directory's own lock is taken off
 * only if it is `doomed`, too.
 */
static int remove_locked(int parent, const char *name, unsigned char type, bool doomed)
{
    int one = remove_one(parent, name, type);
    if (one != -1 || errno != EPERM) return one;
    bool unlocked = doomed && unlock(parent);
    if (!unlock_child(parent, name) && !unlocked) return fail_with(EPERM);
    return remove_one(parent, name, type);
}

/* Empties a directory until it meets a child that is not empty: then *child is that one, open. Consumes dir_fd's scan. */
static int empty_some(int dir_fd, int *child)
{
    int scan_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *scan = scan_fd == -1 ? NULL : fdopendir(scan_fd);
    if (scan == NULL) {
        if (scan_fd != -1) close(scan_fd);
        return -1;
    }
    int result = EMPTIED;
    struct dirent *entry;
    while ((errno = 0, entry = readdir(scan)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int one = remove_locked(dir_fd, entry->d_name, entry->d_type, true);
        if (one == 1) {
            *child = open_child(dir_fd, entry->d_name);
            one = *child == -1 ? -1 : 0;
            result = DESCEND;
        }
        if (one == -1 || result == DESCEND) {
            if (one == -1) result = -1;
            break;
        }
    }
    if (entry == NULL && errno != 0) result = -1;
    int saved = errno;
    closedir(scan);
    errno = saved;
    return result;
}

/*
 * Walks down to the first directory that can be emptied, then back up by "..": the parent's next scan removes the
 * directory that has just become empty. Nothing else moves these directories, so ".." is where we came from.
 */
static int empty_directory(int top)
{
    int dir = top;
    uint64_t depth = 0;
    for (;;) {
        int next = -1;
        int result = empty_some(dir, &next);
        if (result == EMPTIED) {
            if (depth == 0) return 0;
            depth--;
            next = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        } else if (result == DESCEND) {
            depth++;
        }
        if (next == -1 || result == -1) {
            if (dir != top) close_fd(&dir);
            return -1;
        }
        if (dir != top) close(dir);
        dir = next;
        if (depth == 0 && dir != top) {
            close(dir);
            dir = top;
        }
    }
}

/* Two may delete one tree: what the other took away is not there any more, and the way back up may be gone too. */
int tree_remove(int parent_fd, const char *name)
{
    for (int attempt = 1;; attempt++) {
        int one = remove_locked(parent_fd, name, DT_UNKNOWN, false);
        if (one != 1) return one;
        owned_fd top = open_child(parent_fd, name);
        if (top != -1 && empty_directory(top) == 0 && unlinkat(parent_fd, name, AT_REMOVEDIR) == 0) return 0;
        if (errno != ENOENT || attempt == ATTEMPTS_MAX) return -1;
    }
}
