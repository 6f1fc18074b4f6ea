/* The index of names, which follows what the directories have. */
#include "resolver/resolver_names.h"

#include "base/util.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>

/*
 * Times of files are those of the last tick of the clock (before 6.13; a tick is 10 ms at most). A directory that was
 * read so soon after a change may have changed again without a new time.
 */
#define SETTLED_NS 50000000

/* The number of times that a directory which changes meanwhile is read again: an entry that moves may be missed. */
#define ATTEMPTS 3

static int open_directory(const struct names_index *index, const char *id)
{
    char path[NAMES_PATH_SIZE];
    snprintf(path, sizeof path, "networks/%s", id);
    return openat(index->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Notes which directory it is, as of now. Without one it counts as settled: one that appears has an inode. */
static void look_at(int fd, struct names_directory *directory)
{
    struct stat stat;
    struct timespec now;
    directory->device = 0;
    directory->inode = 0;
    directory->modified = (struct timespec){0};
    directory->settled = true;
    if (fd < 0 || fstat(fd, &stat) < 0) return;
    directory->device = stat.st_dev;
    directory->inode = stat.st_ino;
    directory->modified = stat.st_mtim;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age =
        (now.tv_sec - stat.st_mtim.tv_sec) * (int64_t)1000000000 + (now.tv_nsec - stat.st_mtim.tv_nsec);
    directory->settled = age > SETTLED_NS;
}

static bool is_same(const struct names_directory *a, const struct names_directory *b)
{
    return a->device == b->device && a->inode == b->inode && a->modified.tv_sec == b->modified.tv_sec &&
           a->modified.tv_nsec == b->modified.tv_nsec;
}

static void add_key(struct names_index *index, const void *data, size_t size)
{
    if (index->key_count < NAMES_KEYS_MAX) index->keys[index->key_count++] = names_key(data, size);
}

static void index_lines(struct names_index *index, struct lines *lines)
{
    struct names_address address;
    const char *value;
    for (char *line; (line = lines_next(lines)) != NULL;) {
        if ((value = line_value(line, "name")) != NULL)
            add_key(index, value, strlen(value));
        else if ((value = line_value(line, "address")) != NULL && names_parse_address(value, &address))
            add_key(index, address.bytes, address.size);
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the id that is a file's name. False: not a container's file, but one that is about to become one, maybe. */
static bool parse_id(const char *name, uint8_t id[32])
{
    for (int i = 0; i < 32; i++) {
        int high = hex_digit(name[2 * i]), low = high < 0 ? -1 : hex_digit(name[2 * i + 1]);
        if (low < 0) return false;
        id[i] = (uint8_t)(high << 4 | low);
    }
    return name[64] == '\0';
}

static void add_file(struct names_index *index, unsigned directory, int fd, const struct names_file *what)
{
    struct lines lines;
    char name[65];
    struct names_file *file = &index->files[index->file_count];
    if (index->file_count == NAMES_FILES_MAX) return;
    names_format_id(what->id, name);
    if (lines_open(&lines, fd, name) < 0) return;
    uint32_t first_key = file->first_key;
    *file = *what;
    file->first_key = first_key;
    file->directory = (uint8_t)directory;
    file->seen = true;
    index_lines(index, &lines);
    lines_close(&lines);
    index->files[++index->file_count].first_key = index->key_count;
}

/* A file that was read already. They come in the order of the last time, mostly. */
static bool see_again(struct names_index *index, unsigned directory, const struct names_file *what,
                      unsigned *expected)
{
    for (unsigned tried = 0; tried < index->file_count; tried++, ++*expected) {
        if (*expected >= index->file_count) *expected = 0;
        struct names_file *file = &index->files[*expected];
        if (file->inode != what->inode || file->directory != directory ||
            memcmp(file->id, what->id, sizeof file->id) != 0)
            continue;
        file->seen = true;
        ++*expected;
        return true;
    }
    return false;
}

/* Takes out what was not seen. */
static void compact(struct names_index *index)
{
    unsigned files = 0, keys = 0;
    for (unsigned i = 0; i < index->file_count; i++) {
        uint32_t first = index->files[i].first_key, count = index->files[i + 1].first_key - first;
        if (!index->files[i].seen) continue;
        memmove(&index->keys[keys], &index->keys[first], count * sizeof *index->keys);
        index->files[files] = index->files[i];
        index->files[files++].first_key = keys;
        keys += count;
    }
    index->file_count = files;
    index->key_count = index->files[files].first_key = keys;
}

/* Reads a directory without readdir(3), which allocates. */
static void read_directory(struct names_index *index, unsigned directory, int fd)
{
    struct entry {
        uint64_t inode;
        int64_t offset;
        uint16_t length;
        uint8_t type;
        char name[];
    };
    struct names_file file = {.seen = true};
    unsigned expected = 0;
    long size;
    while ((size = syscall(SYS_getdents64, fd, index->entries, sizeof index->entries)) > 0) {
        for (long at = 0; at < size;) {
            const struct entry *entry = (const struct entry *)(index->entries + at);
            at += entry->length;
            if (!parse_id(entry->name, file.id)) continue;
            file.inode = (uint32_t)entry->inode;
            if (!see_again(index, directory, &file, &expected)) add_file(index, directory, fd, &file);
        }
    }
}

/*
 * Whether a file with the same inode number is the same file: a tmpfs, where RUN is, counts on. Elsewhere the number of
 * a file that was replaced is soon that of another one, and all are read again.
 */
static bool has_lasting_inodes(int fd)
{
    struct statfs system;
    return fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC;
}

static void update(struct names_index *index, unsigned directory, int fd)
{
    bool lasting = fd >= 0 && has_lasting_inodes(fd);
    for (unsigned i = 0; i < index->file_count; i++) {
        struct names_file *file = &index->files[i];
        file->seen = file->directory != directory;
        if (!lasting && !file->seen) file->directory = NAMES_NO_DIRECTORY;
    }
    if (fd >= 0) read_directory(index, directory, fd);
    compact(index);
}

/*
 * Reads a directory that has changed: first looked at, then read, so that what changes meanwhile is seen now or the
 * next time.
 */
static void refresh(struct names_index *index, unsigned number)
{
    struct names_directory *directory = &index->directories[number];
    struct names_directory now = {0};
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        owned_fd fd = open_directory(index, directory->id);
        look_at(fd, &now);
        if (is_same(&now, directory) && (directory->settled || attempt > 0)) return;
        update(index, number, fd);
        directory->settled = now.settled;
        directory->device = now.device;
        directory->inode = now.inode;
        directory->modified = now.modified;
    }
}

static bool has_networks(const struct names_index *index, const struct resolver_config *config)
{
    if (index->directory_count != config->network_count) return false;
    for (unsigned i = 0; i < config->network_count; i++) {
        if (strcmp(index->directories[i].id, config->networks[i]) != 0) return false;
    }
    return true;
}

/* Begins with nothing for other networks. */
static void set_networks(struct names_index *index, const struct resolver_config *config)
{
    index->file_count = index->key_count = 0;
    index->files[0].first_key = 0;
    index->directory_count = config->network_count;
    for (unsigned i = 0; i < config->network_count; i++) {
        struct names_directory *directory = &index->directories[i];
        memset(directory, 0, sizeof *directory);
        strcpy(directory->id, config->networks[i]);
    }
}

void names_refresh(struct names_index *index, const struct resolver_config *config)
{
    if (!has_networks(index, config)) set_networks(index, config);
    for (unsigned i = 0; i < config->network_count; i++)
        refresh(index, i);
}
