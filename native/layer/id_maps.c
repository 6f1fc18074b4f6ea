#include "layer/id_maps.h"

#include "base/util.h"

#include <endian.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#define ACL_USER 0x02
#define ACL_GROUP 0x08

#define NOBODY 65534

struct acl_entry {
    uint16_t tag, permissions;
    uint32_t id;
};

static int read_id_map(const char *text, struct id_map *map)
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

int add_id_map(struct id_maps *maps, const char *text)
{
    struct id_map *grown = realloc(maps->maps, (maps->count + 1) * sizeof *grown);
    if (grown == NULL) return -1;
    maps->maps = grown;
    if (read_id_map(text, &maps->maps[maps->count]) < 0) return -1;
    maps->count++;
    return 0;
}

static int move_in(const struct id_maps *maps, char kind, uint32_t inside, uint32_t *outside)
{
    for (size_t i = 0; i < maps->count; i++) {
        const struct id_map *map = &maps->maps[i];
        if (map->kind != kind || inside < map->inside || inside - map->inside >= map->count) continue;
        *outside = map->outside + (inside - map->inside);
        return 0;
    }
    return fail_with(EOVERFLOW);
}

static uint32_t move_out(const struct id_maps *maps, char kind, uint32_t outside)
{
    for (size_t i = 0; i < maps->count; i++) {
        const struct id_map *map = &maps->maps[i];
        if (map->kind == kind && outside >= map->outside && outside - map->outside < map->count)
            return map->inside + (outside - map->outside);
    }
    return NOBODY;
}

int translate_id(const struct id_way *way, char kind, uint32_t id, uint32_t *translated)
{
    if (way->from.count > 0) id = move_out(&way->from, kind, id);
    *translated = id;
    return way->to.count == 0 ? 0 : move_in(&way->to, kind, id, translated);
}

/* The third revision names the root of the user namespace in which it counts; the host's needs no name. */
static int translate_capability(const struct id_way *way, char *value, ssize_t *size)
{
    struct vfs_ns_cap_data data = {0};
    uint32_t root = 0;
    if (*size < (ssize_t)sizeof data.magic_etc || *size > (ssize_t)sizeof data) return fail_with(EINVAL);
    memcpy(&data, value, (size_t)*size);
    uint32_t magic = le32toh(data.magic_etc);
    if ((magic & VFS_CAP_REVISION_MASK) == VFS_CAP_REVISION_3) root = le32toh(data.rootid);
    if (translate_id(way, 'u', root, &root) < 0) return -1;
    data.rootid = htole32(root);
    uint32_t revision = root == 0 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3;
    data.magic_etc = htole32(revision | (magic & VFS_CAP_FLAGS_EFFECTIVE));
    memcpy(value, &data, sizeof data);
    *size = root == 0 ? XATTR_CAPS_SZ_2 : XATTR_CAPS_SZ_3;
    return 0;
}

/* A version, then entries, of which those of named users and groups hold an id. */
static int translate_acl(const struct id_way *way, char *value, ssize_t size)
{
    for (ssize_t at = 4; at + (ssize_t)sizeof(struct acl_entry) <= size; at += sizeof(struct acl_entry)) {
        struct acl_entry entry;
        memcpy(&entry, value + at, sizeof entry);
        uint16_t tag = le16toh(entry.tag);
        uint32_t id = le32toh(entry.id);
        if (tag != ACL_USER && tag != ACL_GROUP) continue;
        if (translate_id(way, tag == ACL_USER ? 'u' : 'g', id, &id) < 0) return -1;
        entry.id = htole32(id);
        memcpy(value + at, &entry, sizeof entry);
    }
    return 0;
}

int translate_attribute(const struct id_way *way, const char *name, char *value, ssize_t *size)
{
    if (strcmp(name, "security.capability") == 0) return translate_capability(way, value, size);
    if (strncmp(name, "system.posix_acl_", 17) == 0) return translate_acl(way, value, *size);
    return 0;
}

bool changes_ids(const struct id_way *way)
{
    return way->from.count > 0 || way->to.count > 0;
}
