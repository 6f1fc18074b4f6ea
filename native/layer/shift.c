/*
 * The verb `shift FROM TO MAP...`: copies a layer, its owners shifted through id maps, for kernels that cannot show a
 * layer through them. The walk holds two directories open, whatever the depth, and follows no link.
 */
#include "layer/shift.h"

#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "layer/copy_content.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A directory on the way from the root to where the walk is. */
struct level {
    char *names; /* of its entries, each ended by NUL */
    size_t size, at;
    struct stat st;
    size_t path_length; /* of the path up to and including it */
};

/* The first name of an inode that has several. */
struct link {
    dev_t device;
    ino_t inode;
    char *path; /* NULL: a free slot */
};

struct walk {
    struct id_way maps;
    bool link, sync;
    int from, to; /* the directories that the walk is in */
    int top;      /* TO */
    struct level *levels;
    size_t depth, level_capacity;
    char *path; /* of what is being copied, below FROM; begins with a slash */
    size_t path_capacity;
    struct link *links;
    size_t link_count, link_capacity;
};

static int set_path(struct walk *walk, size_t length, const char *name)
{
    size_t needed = length + strlen(name) + 2;
    if (needed > walk->path_capacity) {
        char *grown = realloc(walk->path, needed * 2);
        if (grown == NULL) return -1;
        walk->path = grown;
        walk->path_capacity = needed * 2;
    }
    sprintf(walk->path + length, "/%s", name);
    return 0;
}

static int read_names(int dir, struct level *level)
{
    int scan_fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *scan = scan_fd < 0 ? NULL : fdopendir(scan_fd);
    if (scan == NULL) {
        close_fd(&scan_fd);
        return -1;
    }
    size_t capacity = 0;
    struct dirent *entry;
    int result = 0;
    while (result == 0 && (errno = 0, entry = readdir(scan)) != NULL) {
        size_t length = strlen(entry->d_name) + 1;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (level->size + length > capacity) {
            capacity = (level->size + length) * 2;
            char *grown = realloc(level->names, capacity);
            if (grown == NULL)
                result = -1;
            else
                level->names = grown;
        }
        if (result == 0) memcpy(level->names + level->size, entry->d_name, length);
        level->size += length;
    }
    if (errno != 0) result = -1;
    int saved = errno;
    closedir(scan);
    errno = saved;
    return result;
}

/* The walk is in a new directory, on both sides. */
static int push(struct walk *walk, const struct stat *st, size_t path_length)
{
    if (walk->depth == walk->level_capacity) {
        size_t capacity = walk->level_capacity * 2 + 16;
        struct level *grown = realloc(walk->levels, capacity * sizeof *grown);
        if (grown == NULL) return -1;
        walk->levels = grown;
        walk->level_capacity = capacity;
    }
    struct level *level = &walk->levels[walk->depth++];
    *level = (struct level){.st = *st, .path_length = path_length};
    return read_names(walk->from, level);
}

static void move(struct walk *walk, int from, int to)
{
    close(walk->from);
    if (walk->to != walk->top) close(walk->to);
    walk->from = from;
    walk->to = to;
}

static int enter(struct walk *walk, const char *name, const struct stat *st)
{
    if (mkdirat(walk->to, name, 0700) < 0) return -1;
    owned_fd from = openat(walk->from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    owned_fd to = openat(walk->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0 || to < 0) return -1;
    move(walk, steal_fd(&from), steal_fd(&to));
    return push(walk, st, strlen(walk->path));
}

/* A directory that is complete: nothing changes its times any more. Nobody moves it, so ".." is where we came from. */
static int leave(struct walk *walk)
{
    struct level *level = &walk->levels[walk->depth - 1];
    walk->path[level->path_length] = '\0';
    if (shift_metadata(&walk->maps, walk->from, walk->to, ".", &level->st) < 0) return -1;
    free(level->names);
    if (--walk->depth == 0) return 0;
    owned_fd from = openat(walk->from, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    owned_fd to = openat(walk->to, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from < 0 || to < 0) return -1;
    move(walk, steal_fd(&from), steal_fd(&to));
    return 0;
}

static struct link *find_link(const struct walk *walk, const struct stat *st)
{
    size_t at = ((size_t)st->st_ino * 0x9e3779b97f4a7c15u >> 20) & (walk->link_capacity - 1);
    while (walk->links[at].path != NULL &&
           (walk->links[at].inode != st->st_ino || walk->links[at].device != st->st_dev))
        at = (at + 1) & (walk->link_capacity - 1);
    return &walk->links[at];
}

static int grow_links(struct walk *walk)
{
    struct walk grown = {.link_capacity = walk->link_capacity == 0 ? 256 : walk->link_capacity * 2};
    grown.links = calloc(grown.link_capacity, sizeof *grown.links);
    if (grown.links == NULL) return -1;
    for (size_t i = 0; i < walk->link_capacity; i++) {
        const struct link *link = &walk->links[i];
        struct stat st = {.st_dev = link->device, .st_ino = link->inode};
        if (link->path != NULL) *find_link(&grown, &st) = *link;
    }
    free(walk->links);
    walk->links = grown.links;
    walk->link_capacity = grown.link_capacity;
    return 0;
}

/* Links another name of a file that was copied already: 1. 0: it is the first name, and remembered if there are more. */
static int copy_link(struct walk *walk, const char *name, const struct stat *st)
{
    if (st->st_nlink < 2) return 0;
    if (walk->link_count * 2 >= walk->link_capacity && grow_links(walk) < 0) return -1;
    struct link *link = find_link(walk, st);
    if (link->path != NULL) return linkat(walk->top, link->path + 1, walk->to, name, 0) < 0 ? -1 : 1;
    *link = (struct link){st->st_dev, st->st_ino, strdup(walk->path)};
    walk->link_count++;
    return link->path == NULL ? -1 : 0;
}

static int copy_file(const struct walk *walk, const char *name, const struct stat *st)
{
    owned_fd from = openat(walk->from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    owned_fd to = openat(walk->to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return from < 0 || to < 0 ? -1 : copy_content(from, to, st, NULL);
}

static int copy_symlink(const struct walk *walk, const char *name)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(walk->from, name, target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = '\0';
    return symlinkat(target, walk->to, name);
}

/*
 * One more name for a file of the source: 1. 0: it has as many as it can have, or the file system has none (link(2)), and it
 * is to be copied.
 */
static int share(struct walk *walk, const char *name)
{
    if (!walk->link) return 0;
    if (linkat(walk->from, name, walk->to, name, 0) == 0) return 1;
    return errno == EMLINK || errno == EPERM || errno == EOPNOTSUPP || errno == EXDEV ? 0 : -1;
}

static int copy_entry(struct walk *walk, const char *name)
{
    struct stat st;
    const struct level *level = &walk->levels[walk->depth - 1];
    if (set_path(walk, level->path_length, name) < 0 ||
        fstatat(walk->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (S_ISDIR(st.st_mode)) return enter(walk, name, &st);
    int linked = share(walk, name);
    if (linked == 0) linked = copy_link(walk, name, &st);
    if (linked != 0) return linked < 0 ? -1 : 0;
    int made = S_ISREG(st.st_mode)   ? copy_file(walk, name, &st)
               : S_ISLNK(st.st_mode) ? copy_symlink(walk, name)
                                     : mknodat(walk->to, name, st.st_mode & (S_IFMT | 0600), st.st_rdev);
    return made < 0 ? -1 : shift_metadata(&walk->maps, walk->from, walk->to, name, &st);
}

static int copy_tree(struct walk *walk)
{
    struct stat st;
    if (set_path(walk, 0, "") < 0 || fstat(walk->from, &st) < 0 || push(walk, &st, 0) < 0) return -1;
    while (walk->depth > 0) {
        struct level *level = &walk->levels[walk->depth - 1];
        const char *name = level->names + level->at;
        if (level->at == level->size) {
            if (leave(walk) < 0) return -1;
            continue;
        }
        level->at += strlen(name) + 1;
        if (copy_entry(walk, name) < 0) return -1;
    }
    return walk->sync ? syncfs(walk->top) : 0;
}

static int open_trees(struct walk *walk, const char *from, const char *to)
{
    walk->from = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (walk->from < 0) return failed(STAGE_SHIFT, from);
    if (mkdir(to, 0700) < 0) return failed(STAGE_SHIFT, to);
    walk->to = walk->top = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return walk->top < 0 ? failed(STAGE_SHIFT, to) : 0;
}

static int read_word(struct walk *walk, const char *word)
{
    if (strcmp(word, "link") == 0) return walk->link = true, 0;
    if (strcmp(word, "sync") == 0) return walk->sync = true, 0;
    return add_id_map(&walk->maps.to, word) < 0 ? failed(STAGE_SHIFT, word) : 0;
}

static int read_words(struct walk *walk, char **word)
{
    for (; *word != NULL; word++) {
        if (read_word(walk, *word) < 0) return -1;
    }
    return 0;
}

int shift_main(int argc, char **argv)
{
    if (argc < 3 || argv[1][0] != '/' || argv[2][0] != '/') {
        fputs("usage: shift /FROM /TO [link] [sync] [MAP]...\n", stderr);
        return 2;
    }
    static struct walk walk = {.from = -1, .to = -1, .top = -1};
    umask(0);
    if (read_words(&walk, argv + 3) == 0 && open_trees(&walk, argv[1], argv[2]) == 0 && copy_tree(&walk) == 0)
        return 0;
    failed(STAGE_SHIFT, walk.path == NULL || *walk.path == '\0' ? "/" : walk.path);
    report_noted_failure();
    return 1;
}
