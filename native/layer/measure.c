/*
 * The verb `measure [disk] DIR...`: for each directory a line with the bytes in the regular files below it, each counted once
 * however many names it has; 0 for one that is missing. With `disk` the bytes that the tree takes on the disk, directories and
 * all, but for those that it shares with other files.
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
#include <linux/fiemap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define LEVELS_HELD 32

/* Asked for at a time. */
#define EXTENTS 64

struct level {
    DIR *list; /* NULL: closed while something below it is looked at */
    long position;
    dev_t device;
    ino_t inode;
};

struct walk {
    bool disk;
    struct level *levels;
    size_t depth, room;
    struct inode_set linked;
    uint64_t bytes;
};

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

static uint64_t own_blocks(struct walk *walk, const char *name, const struct stat *stat)
{
    uint64_t bytes = (uint64_t)stat->st_blocks * 512;
    if (bytes == 0 || !S_ISREG(stat->st_mode)) return bytes;
    owned_fd file = k_openat2(dirfd(current(walk)->list), name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW,
                              0, K_RESOLVE_BENEATH | K_RESOLVE_NO_XDEV | K_RESOLVE_NO_SYMLINKS);
    uint64_t shared = file < 0 ? 0 : shared_bytes(file);
    return shared < bytes ? bytes - shared : 0;
}

static int count(struct walk *walk, const char *name, const struct stat *stat)
{
    if (!S_ISREG(stat->st_mode) && !walk->disk) return 0;
    if (stat->st_nlink > 1 && !S_ISDIR(stat->st_mode)) {
        int added = inode_set_add(&walk->linked, stat->st_ino);
        if (added <= 0) return added;
    }
    walk->bytes += walk->disk ? own_blocks(walk, name, stat) : (uint64_t)stat->st_size;
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
    /* What went away meanwhile does not count. */
    if (fstatat(dirfd(current(walk)->list), name, &stat, AT_SYMLINK_NOFOLLOW) < 0) return 0;
    if (count(walk, name, &stat) < 0) return -1;
    return S_ISDIR(stat.st_mode) ? descend(walk, name) : 0;
}

static int measure(struct walk *walk, const char *path)
{
    owned_fd top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0) return errno == ENOENT ? 0 : -1;
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
    bool disk = argc > 1 && strcmp(argv[1], "disk") == 0;
    if (argc < 2 + disk) {
        fputs("usage: measure [disk] DIR...\n", stderr);
        return 2;
    }
    for (int i = 1 + disk; i < argc; i++) {
        struct walk walk = {.disk = disk};
        int result = measure(&walk, argv[i]);
        free(walk.levels);
        inode_set_free(&walk.linked);
        if (result < 0) {
            failed(STAGE_MEASURE, argv[i]);
            report_noted_failure();
            return 1;
        }
        printf("%llu\n", (unsigned long long)walk.bytes);
    }
    return 0;
}
