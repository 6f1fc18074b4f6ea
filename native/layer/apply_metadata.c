/* Owners, modes, attributes and times, in the order in which none undoes another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "layer/apply.h"

#define OPAQUE "trusted.overlay.opaque"
#define OBJECT_PATH_MAX (64 + NAME_MAX)

enum {
    MAY_BE_LEFT_OUT = 1,     /* flag of an attribute in an entry record */
    ROOM = 256 << 10,        /* bytes that the largest attribute certainly fits in */
    ROOM_IN_INODES = 1 << 8, /* the same on tmpfs, which counts a kilobyte as an inode */
};

/*
 * A path for the calls that know no file descriptors (setxattrat is of Linux 6.13). The descriptor's own link is
 * followed by the kernel, and the name behind it is not when the l-variant is used.
 */
static void object_path(struct object object, char path[OBJECT_PATH_MAX])
{
    if (object.name == NULL)
        snprintf(path, OBJECT_PATH_MAX, "/proc/self/fd/%d", object.fd);
    else
        snprintf(path, OBJECT_PATH_MAX, "/proc/self/fd/%d/%s", object.fd, object.name);
}

/* Attributes that belong to overlay or to the host's policy, never to an archive. */
static bool is_foreign(const char *name)
{
    return strncmp(name, "trusted.overlay.", 16) == 0 || strcmp(name, "security.selinux") == 0 ||
           strcmp(name, "system.nfs4_acl") == 0;
}

bool has_attribute(int fd, const char *name)
{
    return fgetxattr(fd, name, NULL, 0) >= 0;
}

int set_opaque(int dir, const char *name)
{
    char path[OBJECT_PATH_MAX];
    object_path((struct object){dir, name}, path);
    return name == NULL ? setxattr(path, OPAQUE, "y", 1, 0) : lsetxattr(path, OPAQUE, "y", 1, 0);
}

/*
 * Lists all attribute names of an object, each ended by NUL; the caller frees them. Returns their length, 0 for none.
 */
static ssize_t list_attributes(const char *path, bool follow, char **names)
{
    *names = NULL;
    ssize_t length = follow ? listxattr(path, NULL, 0) : llistxattr(path, NULL, 0);
    if (length == -1 && errno == EOPNOTSUPP) return 0;
    if (length <= 0) return length;
    *names = malloc((size_t)length);
    if (*names == NULL) return -1;
    return follow ? listxattr(path, *names, (size_t)length) : llistxattr(path, *names, (size_t)length);
}

static int clear_attributes(const char *path, bool follow)
{
    char *names;
    ssize_t length = list_attributes(path, follow, &names);
    int result = length == -1 ? -1 : 0;
    for (ssize_t at = 0; result == 0 && at < length; at += (ssize_t)strlen(names + at) + 1) {
        if (is_foreign(names + at)) continue;
        result = follow ? removexattr(path, names + at) : lremovexattr(path, names + at);
        if (result == -1 && errno == ENODATA) result = 0;
    }
    free(names);
    return result;
}

/* ENOSPC is also what ext4 says when an attribute is larger than an inode's block; then the disk has room left. */
static bool has_room(const struct layer *layer)
{
    struct statvfs fs;
    if (fstatvfs(layer->upper, &fs) == -1) return false;
    bool blocks = fs.f_blocks == 0 || fs.f_bfree * fs.f_frsize >= ROOM;
    return blocks && (fs.f_files == 0 || fs.f_ffree >= ROOM_IN_INODES);
}

/* The errors by which a file system, or the kernel, says that this kind of file cannot have such an attribute. */
static bool cannot_hold(const struct layer *layer, int error)
{
    return error == EOPNOTSUPP || error == EPERM || error == E2BIG || (error == ENOSPC && has_room(layer));
}

static int set_attribute(struct layer *layer, const char *path, bool follow, const char *name,
                         const uint8_t *value, size_t length, uint16_t flags)
{
    int set = follow ? setxattr(path, name, value, length, 0) : lsetxattr(path, name, value, length, 0);
    if (set == 0) return 0;
    int error = errno;
    if ((flags & MAY_BE_LEFT_OUT) == 0 || !cannot_hold(layer, error)) {
        errno = error;
        return -1;
    }
    if (!layer->attribute_noted) note("attribute", name);
    layer->attribute_noted = true;
    return 0;
}

static int apply_attributes(struct layer *layer, const char *path, bool follow, const struct entry *entry)
{
    struct entry_attribute attribute;
    const uint8_t *at = entry->xattrs;
    for (uint32_t i = 0; i < entry->xattr_count; i++) {
        int found = next_attribute(entry, &at, &attribute);
        if (found == 0) errno = EBADMSG;
        if (found != 1 || set_attribute(layer, path, follow, attribute.name, attribute.value, attribute.size,
                                        attribute.flags) == -1)
            return -1;
    }
    return 0;
}

/*
 * Owner first, for a change of owner clears setuid bits and file capabilities; then the mode; then attributes, with
 * capabilities and ACLs among them; times last. `careful`: the object existed before, or inherited something.
 */
int set_metadata(struct layer *layer, struct object object, char type, const struct entry *entry,
                 bool careful)
{
    const char *name = object.name == NULL ? "" : object.name;
    int flags = AT_SYMLINK_NOFOLLOW | (object.name == NULL ? AT_EMPTY_PATH : 0);
    if (careful || entry->uid != 0 || entry->gid != 0) {
        if (fchownat(object.fd, name, entry->uid, entry->gid, flags) == -1) return -1;
    }
    if (type != 'S' && (careful || (entry->mode & 07000) != 0)) {
        int changed =
            object.name == NULL ? fchmod(object.fd, entry->mode) : fchmodat(object.fd, name, entry->mode, 0);
        if (changed == -1) return -1;
    }
    if (careful || entry->xattr_count > 0) {
        char path[OBJECT_PATH_MAX];
        bool follow = object.name == NULL;
        object_path(object, path);
        if (careful && clear_attributes(path, follow) == -1) return -1;
        /* Taking an inherited ACL away changes the mode that it was part of. */
        if (careful && type != 'S' && chmod(path, entry->mode) == -1) return -1;
        if (apply_attributes(layer, path, follow, entry) == -1) return -1;
    }
    struct timespec times[] = {entry->mtime, entry->mtime};
    if (object.name == NULL) return futimens(object.fd, times);
    return utimensat(object.fd, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_attribute(int from, int to, const char *name)
{
    ssize_t size = fgetxattr(from, name, NULL, 0);
    char *value = size < 0 ? NULL : malloc((size_t)size + 1);
    if (value == NULL) return -1;
    size = fgetxattr(from, name, value, (size_t)size);
    int result = size < 0 ? -1 : fsetxattr(to, name, value, (size_t)size, 0);
    free(value);
    return result;
}

/* Gives a directory the owner, mode, attributes and times of another. */
int copy_attributes(int from, int to)
{
    struct stat st;
    char path[OBJECT_PATH_MAX], *names;
    if (fstat(from, &st) == -1 || fchown(to, st.st_uid, st.st_gid) == -1 ||
        fchmod(to, st.st_mode & 07777) == -1)
        return -1;
    object_path((struct object){from, NULL}, path);
    ssize_t length = list_attributes(path, true, &names);
    int result = length == -1 ? -1 : 0;
    for (ssize_t at = 0; result == 0 && at < length; at += (ssize_t)strlen(names + at) + 1)
        if (!is_foreign(names + at)) result = copy_attribute(from, to, names + at);
    free(names);
    struct timespec times[] = {st.st_mtim, st.st_mtim};
    return result == -1 ? -1 : futimens(to, times);
}
