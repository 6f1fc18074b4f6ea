/* Making what an entry says: the last one of a name wins, whatever was there before. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"
#include "base/util.h"
#include "layer/apply.h"

/* What stands in the way of a new entry. */
enum obstacle { NOTHING, DIRECTORY, OTHER };

static int clear_way(struct layer *layer, int parent, const char *name, bool keep_directory)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == -1) return errno == ENOENT ? NOTHING : -1;
    if (S_ISDIR(st.st_mode) && keep_directory) return DIRECTORY;
    parent_forget_key(layer);
    if ((S_ISDIR(st.st_mode) ? tree_remove(parent, name) : unlinkat(parent, name, 0)) == -1) return -1;
    return OTHER;
}

static int make_directory(struct layer *layer, int parent, const char *name, const struct entry *entry)
{
    bool careful = layer->parent.careful;
    if (mkdirat(parent, name, entry->mode & 0777) == -1) {
        if (errno != EEXIST) return -1;
        int way = clear_way(layer, parent, name, true);
        if (way == -1 || (way != DIRECTORY && mkdirat(parent, name, entry->mode & 0777) == -1)) return -1;
        if (way == DIRECTORY) careful = true;
        /*
         * Whatever this directory replaces, a whiteout or a file of this very layer, hid what lower layers have of
         * that name. On an overlay the kernel sees to that.
         */
        if (way == OTHER && !layer->merged) {
            char path[PATH_MAX];
            if (set_opaque(parent, name) == -1) return -1;
            if (canonical_path(layer, parent, name, path)) note("opaque", path);
        }
    }
    return set_metadata(layer, (struct object){parent, name}, 'D', entry, careful);
}

static int make_file(struct layer *layer, int parent, const char *name, const struct entry *entry)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags, entry->mode & 0777);
    if (fd == -1 && errno == EEXIST && clear_way(layer, parent, name, false) != -1)
        fd = openat(parent, name, flags, entry->mode & 0777);
    layer->file = fd;
    layer->file_careful = layer->parent.careful;
    layer->file_has_hole = false;
    return fd == -1 ? -1 : 0;
}

/* Ends the open regular file, if any: its metadata comes after its content, which would undo some of it. */
int finish_file(struct layer *layer)
{
    if (layer->file == -1) return 0;
    const struct entry *entry = (const struct entry *)layer->file_record;
    int result = 0;
    if (layer->file_has_hole) {
        off_t size = lseek(layer->file, 0, SEEK_CUR);
        result = size == -1 ? -1 : ftruncate(layer->file, size);
    }
    if (result == 0)
        result = set_metadata(layer, (struct object){layer->file, NULL}, 'F', entry, layer->file_careful);
    int saved = errno;
    if (close(layer->file) == -1 && result == 0) {
        saved = errno;
        result = -1;
    }
    layer->file = -1;
    errno = saved;
    return result;
}

/* A copy of the entry, for when its content is complete: by then its record has left the buffer. */
static int remember_file(struct layer *layer, const struct entry *entry)
{
    size_t xattrs = (size_t)(entry->end - entry->xattrs);
    size_t needed = sizeof *entry + xattrs;
    if (needed > layer->file_capacity) {
        uint8_t *grown = realloc(layer->file_record, needed);
        if (grown == NULL) return -1;
        layer->file_record = grown;
        layer->file_capacity = needed;
    }
    struct entry *copy = (struct entry *)layer->file_record;
    *copy = *entry;
    copy->path = layer->file_path;
    copy->target = "";
    memcpy(copy + 1, entry->xattrs, xattrs);
    copy->xattrs = (const uint8_t *)(copy + 1);
    copy->end = copy->xattrs + xattrs;
    size_t length = strnlen(entry->path, sizeof layer->file_path - 1);
    memcpy(layer->file_path, entry->path, length);
    layer->file_path[length] = '\0';
    return 0;
}

/*
 * A hard link to what an earlier entry, or when merged a lower layer, made. Without the lower layers in view a target
 * that is missing is noted: perhaps they have it.
 */
static int make_link(struct layer *layer, int parent, const char *name, const struct entry *entry)
{
    struct stat st;
    size_t length;
    const char *target = split_path(entry->target, &length);
    char directory[PATH_MAX];
    if (length >= sizeof directory) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(directory, entry->target, length);
    directory[length] = '\0';
    owned_fd dir = open_in_root(layer, directory, O_PATH | O_DIRECTORY);
    bool missing = dir == -1 || fstatat(dir, target, &st, AT_SYMLINK_NOFOLLOW) == -1;
    if (!missing && !layer->merged && is_whiteout(&st)) {
        missing = true;
        errno = ENOENT;
    }
    int result = missing ? -1 : linkat(dir, target, parent, name, 0);
    if (result == -1 && !missing && errno == EEXIST && clear_way(layer, parent, name, false) != -1)
        result = linkat(dir, target, parent, name, 0);
    if (result == -1 && !layer->merged && (errno == ENOENT || errno == ENOTDIR)) {
        note("missing", entry->path);
        result = 0;
    }
    return result;
}

static int make_other(struct layer *layer, int parent, const char *name, char type, const struct entry *entry)
{
    static const struct {
        char type;
        mode_t mode;
    } kinds[] = {{'P', S_IFIFO}, {'C', S_IFCHR}, {'B', S_IFBLK}};
    for (int attempt = 0;; attempt++) {
        int made = -1;
        errno = EBADMSG;
        if (type == 'S') made = symlinkat(entry->target, parent, name);
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (kinds[i].type == type)
                made = mknodat(parent, name, kinds[i].mode | (entry->mode & 0777), entry->device);
        if (made == 0)
            return set_metadata(layer, (struct object){parent, name}, type, entry, layer->parent.careful);
        if (errno != EEXIST || attempt > 0 || clear_way(layer, parent, name, false) == -1) return -1;
    }
}

int make_entry(struct layer *layer, char type, const struct entry *entry)
{
    size_t length;
    const char *name = split_path(entry->path, &length);
    if (*entry->path == '\0') {
        if (type != 'D' || parent_leave(layer) == -1) return -1;
        return set_metadata(layer, (struct object){layer->root, NULL}, 'D', entry, true);
    }
    int parent = parent_enter(layer, entry->path, length, true);
    if (parent == -1) return -1;
    layer->parent.dirty = true;
    int result;
    if (type == 'D')
        result = make_directory(layer, parent, name, entry);
    else if (type == 'F')
        result = remember_file(layer, entry) == -1 ? -1 : make_file(layer, parent, name, entry);
    else if (type == 'H')
        result = make_link(layer, parent, name, entry);
    else
        result = make_other(layer, parent, name, type, entry);
    if (result == 0 && layer->merged) result = mark_path(layer, parent, name);
    return result;
}

/* Takes away what this layer itself has made and needs no longer. */
int discard_entry(struct layer *layer, const char *path)
{
    size_t length;
    const char *name = split_path(path, &length);
    int parent = parent_enter(layer, path, length, false);
    if (parent == -1) return -1;
    layer->parent.dirty = true;
    parent_forget_key(layer);
    return tree_remove(parent, name);
}

/* Gives the root of a layer that says nothing of it the looks of the one below. */
int inherit_root(struct layer *layer, const char *from)
{
    if (parent_leave(layer) == -1) return -1;
    owned_fd fd = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd == -1 ? -1 : copy_attributes(fd, layer->root);
}
