#include "archive/destination.h"

#include "archive/metadata.h"
#include "base/kernel.h"
#include "base/util.h"
#include "layer/copy_content.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Of the directories on the way down so many stay open; from further down the way back is "..". */
#define LEVELS_HELD 64

/* Fails for what is no name of an entry. */
static int check_name(const char *name)
{
    bool is_name =
        *name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
    return is_name ? 0 : fail_with(EINVAL);
}

struct level {
    int fd; /* -1: closed while something far below it is written */
    dev_t device;
    ino_t inode;
    bool keeps_times;
    struct timespec times[2];
    /* What would be inherited by what is made in it, so it comes last. */
    char *default_acl;
    size_t default_acl_size;
};

int destination_open(struct destination *destination, int top)
{
    *destination =
        (struct destination){.top = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), .file = -1};
    close(top);
    return destination->top < 0 ? -1 : 0;
}

static void drop_level(struct destination *destination)
{
    struct level *level = &destination->levels[--destination->depth];
    close_fd(&level->fd);
    free(level->default_acl);
}

void destination_close(struct destination *destination)
{
    while (destination->depth > 0)
        drop_level(destination);
    free(destination->levels);
    inode_set_free(&destination->given);
    close_fd(&destination->file);
    close_fd(&destination->top);
}

int destination_here(const struct destination *destination)
{
    return destination->depth == 0 ? destination->top : destination->levels[destination->depth - 1].fd;
}

/* Where the name of an attribute goes that could not be kept, if one may be left out. */
static char *left_out(struct destination *destination)
{
    return destination->exact ? NULL : destination->left_out;
}

static int keep_default_acl(struct level *level, const struct making *making)
{
    for (size_t i = 0; i < making->attribute_count; i++) {
        const struct attribute *attribute = &making->attributes[i];
        if (strcmp(attribute->name, DEFAULT_ACL) != 0) continue;
        level->default_acl = malloc(attribute->size + 1);
        if (level->default_acl == NULL) return -1;
        memcpy(level->default_acl, attribute->value, attribute->size);
        level->default_acl_size = attribute->size;
    }
    return 0;
}

static int push(struct destination *destination, const struct level *level)
{
    if (destination->depth == destination->room) {
        size_t room = destination->room == 0 ? 64 : 2 * destination->room;
        struct level *levels = realloc(destination->levels, room * sizeof *levels);
        if (levels == NULL) return -1;
        destination->levels = levels;
        destination->room = room;
    }
    if (destination->depth >= LEVELS_HELD)
        close_fd(&destination->levels[destination->depth - LEVELS_HELD / 2].fd);
    destination->levels[destination->depth++] = *level;
    return 0;
}

/* A directory, and no link to one. */
static int open_directory(int above, const char *name)
{
    int fd = k_openat2(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                       K_RESOLVE_BENEATH | K_RESOLVE_NO_SYMLINKS | K_RESOLVE_NO_MAGICLINKS);
    return fd < 0 && errno == ELOOP ? fail_with(ENOTDIR) : fd;
}

/* Goes into a directory that was there and stays as it is. Takes `fd` over. */
static int enter_kept(struct destination *destination, int fd)
{
    struct stat stat;
    owned_fd directory = fd;
    if (fstat(directory, &stat) < 0) return -1;
    struct level level = {.fd = directory, .device = stat.st_dev, .inode = stat.st_ino};
    level.keeps_times = inode_set_has(&destination->given, stat.st_ino);
    level.times[0] = stat.st_atim;
    level.times[1] = stat.st_mtim;
    if (push(destination, &level) < 0) return -1;
    steal_fd(&directory);
    return 0;
}

/* Goes into a directory that becomes as `making` says. Takes `fd` over. */
static int enter_given(struct destination *destination, int fd, const struct making *making)
{
    struct stat stat;
    owned_fd directory = fd;
    if (fstat(directory, &stat) < 0) return -1;
    struct level level = {.fd = directory, .device = stat.st_dev, .inode = stat.st_ino, .keeps_times = true};
    level.times[0] = making->stat.st_atim;
    level.times[1] = making->stat.st_mtim;
    if (destination->any_order && inode_set_add(&destination->given, stat.st_ino) < 0) return -1;
    if (give_metadata(directory, making, left_out(destination)) < 0 || keep_default_acl(&level, making) < 0)
        return -1;
    if (push(destination, &level) < 0) return free(level.default_acl), -1;
    steal_fd(&directory);
    return 0;
}

int destination_enter(struct destination *destination, const char *name, const struct making *making,
                      bool keep)
{
    int above = destination_here(destination);
    if (check_name(name) < 0) return -1;
    bool made = mkdirat(above, name, 0700) == 0;
    if (!made && errno != EEXIST) return -1;
    int fd = open_directory(above, name);
    if (fd < 0) return -1;
    return made || !keep ? enter_given(destination, fd, making) : enter_kept(destination, fd);
}

int destination_enter_opened(struct destination *destination, int fd, const struct making *making)
{
    return making == NULL ? enter_kept(destination, fd) : enter_given(destination, fd, making);
}

int destination_enter_top(struct destination *destination, const struct making *making)
{
    int fd = openat(destination->top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : enter_given(destination, fd, making);
}

int destination_enter_by_link(struct destination *destination, const char *path)
{
    uint64_t within = destination->whole ? K_RESOLVE_IN_ROOT : K_RESOLVE_BENEATH;
    int fd = k_openat2(destination->top, path, O_RDONLY | O_DIRECTORY, 0, within | K_RESOLVE_NO_MAGICLINKS);
    return fd < 0 ? -1 : enter_kept(destination, fd);
}

/* Opens the directory above `fd`, if it still is the one that we came from. */
static int find_again(struct level *level, int fd)
{
    struct stat stat;
    owned_fd above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0 || fstat(above, &stat) < 0) return -1;
    if (stat.st_dev != level->device || stat.st_ino != level->inode) return fail_with(ESTALE);
    level->fd = steal_fd(&above);
    return 0;
}

int destination_leave(struct destination *destination)
{
    struct level *level = &destination->levels[destination->depth - 1];
    const struct attribute acl = {DEFAULT_ACL, level->default_acl, level->default_acl_size};
    int result = level->default_acl == NULL ? 0 : give_attribute(level->fd, &acl, left_out(destination));
    if (result == 0 && level->keeps_times) result = futimens(level->fd, level->times);
    if (result == 0 && destination->depth > 1 && level[-1].fd < 0) result = find_again(&level[-1], level->fd);
    int saved = errno;
    drop_level(destination);
    errno = saved;
    return result;
}

static int choose_temporary(struct destination *destination)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number) return -1;
    snprintf(destination->temporary, sizeof destination->temporary, ".skiff-%016llx",
             (unsigned long long)number);
    return 0;
}

static int create(int directory, const char *name, mode_t mode)
{
    return openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777);
}

/*
 * What has the name that something is to get: EISDIR for a directory. Something mounted there is 1: taking its name away
 * would unmount it in the container, whose mounts are no obstacle to a rename from outside.
 */
static int look_at_obstacle(int directory, const char *name, int *obstacle)
{
    struct stat stat;
    *obstacle = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (*obstacle < 0) return errno == ENOENT ? 0 : -1;
    if (fstat(*obstacle, &stat) < 0) return -1;
    if (S_ISDIR(stat.st_mode)) return fail_with(EISDIR);
    if (!k_is_mount_root(*obstacle)) return 0;
    return S_ISREG(stat.st_mode) ? 1 : fail_with(EBUSY);
}

static int open_in_place(struct destination *destination, int obstacle)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", obstacle);
    destination->file = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);
    destination->in_place = true;
    return destination->file < 0 ? -1 : 0;
}

int destination_begin_file(struct destination *destination, const char *name, mode_t mode)
{
    int here = destination_here(destination);
    if (check_name(name) < 0) return -1;
    *destination->temporary = '\0';
    destination->in_place = false;
    destination->file = create(here, name, mode);
    if (destination->file >= 0 || errno != EEXIST) return destination->file < 0 ? -1 : 0;
    owned_fd obstacle = -1;
    int mounted = look_at_obstacle(here, name, &obstacle);
    if (mounted < 0) return -1;
    if (mounted == 1) return open_in_place(destination, obstacle);
    if (choose_temporary(destination) < 0) return -1;
    destination->file = create(here, destination->temporary, mode);
    return destination->file < 0 ? -1 : 0;
}

void destination_abandon_file(struct destination *destination, const char *name)
{
    int saved = errno;
    if (destination->file < 0) return;
    if (!destination->in_place)
        unlinkat(destination_here(destination),
                 *destination->temporary == '\0' ? name : destination->temporary, 0);
    close_fd(&destination->file);
    errno = saved;
}

/* In one step: whoever opens the name meanwhile has what was there, or what is there now. */
static int take_name(struct destination *destination, const char *name)
{
    int here = destination_here(destination);
    if (renameat(here, destination->temporary, here, name) == 0) return 0;
    int saved = errno;
    unlinkat(here, destination->temporary, 0);
    errno = saved;
    return -1;
}

int destination_end_file(struct destination *destination, const char *name, const struct making *making)
{
    int fd = destination->file;
    if (!destination->in_place &&
        (give_metadata(fd, making, left_out(destination)) < 0 || give_times(fd, &making->stat) < 0))
        return destination_abandon_file(destination, name), -1;
    close_fd(&destination->file);
    return *destination->temporary == '\0' ? 0 : take_name(destination, name);
}

static int make_node(int directory, const char *name, const struct making *making)
{
    if (S_ISLNK(making->stat.st_mode)) return symlinkat(making->target, directory, name);
    return mknodat(directory, name, making->stat.st_mode & (S_IFMT | 0600), making->stat.st_rdev);
}

/* What was made at a name, unless somebody was faster than we. */
static int open_made(int directory, const char *name, const struct making *making)
{
    struct stat stat;
    owned_fd fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? fail_with(ESTALE) : -1;
    if (fstat(fd, &stat) < 0) return -1;
    bool device = S_ISCHR(stat.st_mode) || S_ISBLK(stat.st_mode);
    bool same = (stat.st_mode & S_IFMT) == (making->stat.st_mode & S_IFMT) &&
                (!device || stat.st_rdev == making->stat.st_rdev);
    return same ? steal_fd(&fd) : fail_with(ESTALE);
}

/* Chooses the name that is made first: the temporary one when NAME is taken by what may give way. */
static int make_at_once(struct destination *destination, const char *name, int result)
{
    *destination->temporary = '\0';
    if (result == 0 || errno != EEXIST) return result;
    owned_fd obstacle = -1;
    int mounted = look_at_obstacle(destination_here(destination), name, &obstacle);
    if (mounted != 0) return mounted < 0 ? -1 : fail_with(EBUSY);
    return choose_temporary(destination) < 0 ? -1 : 1;
}

int destination_node(struct destination *destination, const char *name, const struct making *making)
{
    int here = destination_here(destination);
    if (check_name(name) < 0) return -1;
    int taken = make_at_once(destination, name, make_node(here, name, making));
    const char *first = taken == 1 ? destination->temporary : name;
    if (taken < 0 || (taken == 1 && make_node(here, first, making) < 0)) return -1;
    owned_fd fd = open_made(here, first, making);
    if (fd < 0 || give_metadata(fd, making, left_out(destination)) < 0 || give_times(fd, &making->stat) < 0) {
        int saved = errno;
        unlinkat(here, first, 0);
        return fail_with(saved);
    }
    return taken == 1 ? take_name(destination, name) : 0;
}

/* Opens the directory that holds PATH, in steps: a path may be longer than the kernel takes. */
static int open_parent(int top, const char *path, const char **name)
{
    char part[PATH_MAX];
    owned_fd directory = openat(top, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (const char *slash; directory >= 0 && (slash = strchr(path, '/')) != NULL; path = slash + 1) {
        if (slash - path >= (int)sizeof part) return fail_with(ENAMETOOLONG);
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        int next = k_openat2(directory, part, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
                             K_RESOLVE_BENEATH | K_RESOLVE_NO_SYMLINKS | K_RESOLVE_NO_MAGICLINKS);
        close_fd(&directory);
        directory = next;
    }
    *name = path;
    return directory < 0 ? -1 : steal_fd(&directory);
}

/* Other file systems below the top, a limit of the file system, or somebody took it away. */
static bool cannot_be_linked(int error)
{
    return error == EXDEV || error == EMLINK || error == ENOENT || error == EPERM || error == ENOTDIR ||
           error == ELOOP;
}

static bool is_same(int one, const char *name, int other, const char *other_name)
{
    struct stat a, b;
    return fstatat(one, name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(other, other_name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

int destination_link(struct destination *destination, const char *name, const char *path)
{
    const char *first;
    int here = destination_here(destination);
    if (check_name(name) < 0) return -1;
    owned_fd parent = open_parent(destination->top, path, &first);
    if (parent < 0) return cannot_be_linked(errno) ? 0 : -1;
    int result = linkat(parent, first, here, name, 0);
    if (result == 0 || (errno == EEXIST && is_same(parent, first, here, name))) return 1;
    if (cannot_be_linked(errno)) return 0;
    int taken = make_at_once(destination, name, result);
    if (taken < 0) return -1;
    if (linkat(parent, first, here, destination->temporary, 0) < 0) return cannot_be_linked(errno) ? 0 : -1;
    return take_name(destination, name) < 0 ? -1 : 1;
}
