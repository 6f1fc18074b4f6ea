/* Owners, and the attributes that name some: file capabilities (capabilities(7)) and ACLs (acl(5)). */
#include "layer/shift.h"

#include "base/util.h"

#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define ACL_USER 0x02
#define ACL_GROUP 0x08

/* The largest value that Linux takes. */
#define VALUE_MAX 65536

struct acl_entry {
    uint16_t tag, permissions;
    uint32_t id;
};

int read_id_map(const char *text, struct id_map *map)
{
    char copy[64], *field[3];
    if ((text[0] != 'u' && text[0] != 'g') || text[1] != ':' || strlen(text) >= sizeof copy)
        return fail_with(EINVAL);
    strcpy(copy, text + 2);
    uint32_t *numbers[] = {&map->inside, &map->outside, &map->count};
    char *rest = copy;
    for (int i = 0; i < 3; i++) {
        uint64_t number;
        field[i] = strsep(&rest, ":");
        if (field[i] == NULL || parse_unsigned(field[i], 10, &number) < 0 || number > UINT32_MAX)
            return fail_with(EINVAL);
        *numbers[i] = (uint32_t)number;
    }
    map->kind = text[0];
    return rest == NULL && map->count > 0 ? 0 : fail_with(EINVAL);
}

static int shift(const struct id_maps *maps, char kind, uint32_t inside, uint32_t *outside)
{
    for (size_t i = 0; i < maps->count; i++) {
        const struct id_map *map = &maps->maps[i];
        if (map->kind != kind || inside < map->inside || inside - map->inside >= map->count) continue;
        *outside = map->outside + (inside - map->inside);
        return 0;
    }
    return fail_with(EOVERFLOW);
}

/* Every revision becomes the third one, which names the root of the user namespace in which it counts. */
static int shift_capability(const struct id_maps *maps, char *value, ssize_t *size)
{
    struct vfs_ns_cap_data data = {0};
    uint32_t root = 0;
    if (*size < (ssize_t)sizeof data.magic_etc || *size > (ssize_t)sizeof data) return fail_with(EINVAL);
    memcpy(&data, value, (size_t)*size);
    uint32_t magic = le32toh(data.magic_etc);
    if ((magic & VFS_CAP_REVISION_MASK) == VFS_CAP_REVISION_3)
        root = le32toh(data.rootid);
    else
        data.rootid = 0;
    if (shift(maps, 'u', root, &root) < 0) return -1;
    data.rootid = htole32(root);
    data.magic_etc = htole32(VFS_CAP_REVISION_3 | (magic & VFS_CAP_FLAGS_EFFECTIVE));
    memcpy(value, &data, sizeof data);
    *size = sizeof data;
    return 0;
}

/* A version, then entries, of which those of named users and groups hold an id. */
static int shift_acl(const struct id_maps *maps, char *value, ssize_t size)
{
    for (ssize_t at = 4; at + (ssize_t)sizeof(struct acl_entry) <= size; at += sizeof(struct acl_entry)) {
        struct acl_entry entry;
        memcpy(&entry, value + at, sizeof entry);
        uint16_t tag = le16toh(entry.tag);
        uint32_t id = le32toh(entry.id);
        if (tag != ACL_USER && tag != ACL_GROUP) continue;
        if (shift(maps, tag == ACL_USER ? 'u' : 'g', id, &id) < 0) return -1;
        entry.id = htole32(id);
        memcpy(value + at, &entry, sizeof entry);
    }
    return 0;
}

static int shift_value(const struct id_maps *maps, const char *attribute, char *value, ssize_t *size)
{
    if (strcmp(attribute, "security.capability") == 0) return shift_capability(maps, value, size);
    if (strncmp(attribute, "system.posix_acl_", 17) == 0) return shift_acl(maps, value, *size);
    return 0;
}

/*
 * Shifts attributes by way of /proc, as the calls that take a directory are of Linux 6.13; the last name is not
 * followed.
 */
static int shift_attributes(const struct id_maps *maps, const char *from, const char *to)
{
    static char names[VALUE_MAX], value[VALUE_MAX + sizeof(struct vfs_ns_cap_data)];
    ssize_t length = llistxattr(from, names, sizeof names);
    if (length < 0) return errno == EOPNOTSUPP ? 0 : -1;
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        /* The host's own label; the copy gets one from the host's policy. */
        if (strcmp(name, "security.selinux") == 0) continue;
        ssize_t size = lgetxattr(from, name, value, VALUE_MAX);
        if (size < 0 || shift_value(maps, name, value, &size) < 0 ||
            lsetxattr(to, name, value, (size_t)size, 0) < 0)
            return -1;
    }
    return 0;
}

/* Owner first: a change of it takes set-id bits and capabilities away. Times last. */
int shift_metadata(const struct id_maps *maps, int from, int to, const char *name, const struct stat *st)
{
    char source[64 + NAME_MAX], target[64 + NAME_MAX];
    uint32_t uid, gid;
    if (shift(maps, 'u', st->st_uid, &uid) < 0 || shift(maps, 'g', st->st_gid, &gid) < 0) return -1;
    if (fchownat(to, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0) return -1;
    if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0) return -1;
    snprintf(source, sizeof source, "/proc/self/fd/%d/%s", from, name);
    snprintf(target, sizeof target, "/proc/self/fd/%d/%s", to, name);
    if (shift_attributes(maps, source, target) < 0) return -1;
    return utimensat(to, name, (struct timespec[]){st->st_atim, st->st_mtim}, AT_SYMLINK_NOFOLLOW);
}
