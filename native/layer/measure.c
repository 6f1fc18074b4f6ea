/*
 * The verb `measure [allocated|unshared|freed [skip=NAME]] PATH...`: for each directory a line with the bytes in the regular files
 * below it, each counted once however many names it has; 0 for one that is missing. With `allocated` what the file system
 * has set aside for the path, which may be any file, and, if it is a directory, for all below it but an entry NAME: 0 as
 * well for one on which something is mounted; a file that has names below several PATHs counts for the first of them. With
 * `unshared` the same without the blocks that other files have, too. With `freed` the same as `allocated`, but a file counts
 * for the PATH that has the last of its names, and not at all when it has others elsewhere: what would be free if they went.
 *
 * The trees are those of containers, which may be changing them meanwhile. No path is walked: each directory is opened
 * from the one above it, beneath it, without links and on the same mount. Any depth takes two descriptors for each of
 * the first LEVELS_HELD levels; from further down the way back is "..", which is only believed when it is the directory
 * that we came from: one that was moved away meanwhile may be anywhere.
 */
#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "layer/inode_set.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define LEVELS_HELD 32

struct level {
    DIR *list; /* NULL: closed while something below it is looked at */
    long position;
    dev_t device;
    ino_t inode;
};

struct walk {
    bool allocated;
    bool unshared;    /* with `allocated` only */
    bool freed;       /* the same */
    const char *skip; /* NULL: nothing */
    struct level *levels;
    size_t depth, room;
    struct inode_set *linked;
    uint64_t bytes;
};

/* The unit of st_blocks, stat(3type). */
#define BLOCK 512

/* So many extents of a file are asked for at a time. */
#define EXTENTS 64

static struct level *current(struct walk *walk)
{
    return &walk->levels[walk->depth - 1];
}

/* Takes over `fd`, a directory, as the one that is looked at now. */
static int enter(struct walk *walk, int fd)
{
    struct stat stat;
    DIR *list = fstat(fd, &stat) < 0 ? NULL : fdopendir(fd);
    if (list == NULL) return close_fd(&fd), -1;
    if (walk->depth == walk->room) {
        size_t room = walk->room == 0 ? 64 : 2 * walk->room;
        struct level *levels = realloc(walk->levels, room * sizeof *levels);
        if (levels == NULL) return closedir(list), -1;
        walk->levels = levels;
        walk->room = room;
    }
    walk->levels[walk->depth++] = (struct level){.list = list, .device = stat.st_dev, .inode = stat.st_ino};
    if (walk->allocated) walk->bytes += BLOCK * (uint64_t)stat.st_blocks;
    return 0;
}

/* Makes room for the descriptors of those below; the directory is found again from there. */
static void put_aside(struct level *level)
{
    level->position = telldir(level->list);
    closedir(level->list);
    level->list = NULL;
}

/* The directory above `fd` as it was left. False: it is another one by now. */
static bool find_again(struct level *level, int fd)
{
    struct stat stat;
    owned_fd above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0 || fstat(above, &stat) < 0 || stat.st_dev != level->device || stat.st_ino != level->inode)
        return false;
    level->list = fdopendir(above);
    if (level->list == NULL) return false;
    above = -1;
    seekdir(level->list, level->position);
    return true;
}

/* Back to the nearest directory above that can still be reached. */
static void leave(struct walk *walk)
{
    owned_fd from = fcntl(dirfd(current(walk)->list), F_DUPFD_CLOEXEC, 3);
    closedir(current(walk)->list);
    walk->depth--;
    if (walk->depth == 0 || current(walk)->list != NULL || find_again(current(walk), from)) return;
    while (current(walk)->list == NULL)
        walk->depth--;
}

/* The bytes of a file that lie on blocks which other files have, too. A file system that cannot say shares nothing. */
static uint64_t shared_bytes(int file)
{
    union {
        struct fiemap map;
        char room[sizeof(struct fiemap) + EXTENTS * sizeof(struct fiemap_extent)];
    } request;
    uint64_t shared = 0, from = 0;
    for (;;) {
        memset(&request.map, 0, sizeof request.map);
        request.map.fm_start = from;
        request.map.fm_length = FIEMAP_MAX_OFFSET - from;
        request.map.fm_extent_count = EXTENTS;
        if (ioctl(file, K_FS_IOC_FIEMAP, &request.map) < 0 || request.map.fm_mapped_extents == 0)
            return shared;
        const struct fiemap_extent *extent = request.map.fm_extents;
        for (uint32_t i = 0; i < request.map.fm_mapped_extents; i++, extent++) {
            if ((extent->fe_flags & FIEMAP_EXTENT_SHARED) != 0) shared += extent->fe_length;
            if ((extent->fe_flags & FIEMAP_EXTENT_LAST) != 0) return shared;
            from = extent->fe_logical + extent->fe_length;
        }
    }
}

/* What a file of the current directory has on the disk. */
static uint64_t blocks_of(struct walk *walk, const char *name, const struct stat *stat)
{
    uint64_t bytes = BLOCK * (uint64_t)stat->st_blocks;
    if (!walk->unshared || bytes == 0 || !S_ISREG(stat->st_mode)) return bytes;
    owned_fd file = k_openat2(dirfd(current(walk)->list), name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW,
                              0, K_RESOLVE_BENEATH | K_RESOLVE_NO_XDEV | K_RESOLVE_NO_SYMLINKS);
    uint64_t shared = file < 0 ? 0 : shared_bytes(file);
    return shared < bytes ? bytes - shared : 0;
}

/* Whether this name of a file is the one that it is counted by. */
static bool counts(struct walk *walk, const struct stat *stat, int *result)
{
    *result = 0;
    if (stat->st_nlink <= 1) return true;
    int added = inode_set_add(walk->linked, stat->st_ino);
    if (added < 0) return *result = -1, false;
    return walk->freed ? inode_set_times(walk->linked, stat->st_ino) == stat->st_nlink : added > 0;
}

static int count(struct walk *walk, const char *name, const struct stat *stat)
{
    int result;
    if (!walk->allocated && !S_ISREG(stat->st_mode)) return 0;
    if (!counts(walk, stat, &result)) return result;
    walk->bytes += walk->allocated ? blocks_of(walk, name, stat) : (uint64_t)stat->st_size;
    return 0;
}

static int descend(struct walk *walk, const char *name)
{
    int child = k_openat2(dirfd(current(walk)->list), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                          K_RESOLVE_BENEATH | K_RESOLVE_NO_XDEV | K_RESOLVE_NO_SYMLINKS);
    if (child < 0) return errno == ENOMEM || errno == EMFILE || errno == ENFILE ? -1 : 0;
    if (walk->depth > LEVELS_HELD) put_aside(current(walk));
    return enter(walk, child);
}

static int visit(struct walk *walk, const char *name)
{
    struct stat stat;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return 0;
    if (walk->skip != NULL && walk->depth == 1 && strcmp(name, walk->skip) == 0) return 0;
    /* What went away meanwhile does not count. */
    if (fstatat(dirfd(current(walk)->list), name, &stat, AT_SYMLINK_NOFOLLOW) < 0) return 0;
    return S_ISDIR(stat.st_mode) ? descend(walk, name) : count(walk, name, &stat);
}

/* Opens a directory by its path: also one on which something is mounted, unless what is allocated is asked for. */
static int open_top(const struct walk *walk, const char *path)
{
    const char *name = strrchr(path, '/');
    if (!walk->allocated || name == NULL || name[1] == '\0')
        return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    char above[PATH_MAX];
    if ((size_t)(name - path) >= sizeof above) return errno = ENAMETOOLONG, -1;
    snprintf(above, sizeof above, "%.*s/", (int)(name - path), path);
    owned_fd parent = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0) return -1;
    return k_openat2(parent, name + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                     K_RESOLVE_BENEATH | K_RESOLVE_NO_XDEV | K_RESOLVE_NO_SYMLINKS);
}

/* A path that is no directory, and shares nothing with any other. */
static int count_file(struct walk *walk, const char *path)
{
    struct stat stat;
    if (lstat(path, &stat) < 0) return errno == ENOENT ? 0 : -1;
    if (!S_ISDIR(stat.st_mode)) walk->bytes += BLOCK * (uint64_t)stat.st_blocks;
    return 0;
}

static int measure(struct walk *walk, const char *path)
{
    owned_fd top = open_top(walk, path);
    if (top < 0 && walk->allocated && (errno == ENOTDIR || errno == ELOOP)) return count_file(walk, path);
    if (top < 0) return errno == ENOENT || (walk->allocated && errno == EXDEV) ? 0 : -1;
    if (enter(walk, steal_fd(&top)) < 0) return -1;
    int result = 0;
    while (walk->depth > 0 && result == 0) {
        struct dirent *entry = readdir(current(walk)->list);
        if (entry == NULL)
            leave(walk);
        else
            result = visit(walk, entry->d_name);
    }
    while (walk->depth > 0)
        leave(walk);
    return result;
}

int measure_main(int argc, char **argv)
{
    int first = 1;
    bool unshared = argc > first && strcmp(argv[first], "unshared") == 0;
    bool freed = argc > first && strcmp(argv[first], "freed") == 0;
    bool allocated = unshared || freed || (argc > first && strcmp(argv[first], "allocated") == 0);
    const char *skip = NULL;
    if (allocated) first++;
    if (allocated && argc > first && strncmp(argv[first], "skip=", 5) == 0) skip = argv[first++] + 5;
    if (argc <= first) {
        fputs("usage: measure [allocated|unshared|freed [skip=NAME]] PATH...\n", stderr);
        return 2;
    }
    struct inode_set linked = {0};
    for (int i = first; i < argc; i++) {
        struct walk walk = {
            .allocated = allocated, .unshared = unshared, .freed = freed, .skip = skip, .linked = &linked};
        int result = measure(&walk, argv[i]);
        free(walk.levels);
        if (!allocated || i + 1 == argc) inode_set_free(&linked);
        if (result < 0) {
            failed(STAGE_MEASURE, argv[i]);
            report_noted_failure();
            return 1;
        }
        printf("%llu\n", (unsigned long long)walk.bytes);
    }
    return 0;
}
