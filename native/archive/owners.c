#include "archive/owners.h"

#include "base/util.h"
#include "confine/idmap.h"

#include <stdlib.h>
#include <string.h>

static int take_owner(struct owners *owners, const char *text)
{
    char copy[32];
    uint64_t uid, gid;
    if (strlen(text) >= sizeof copy) return -1;
    strcpy(copy, text);
    char *group = copy, *user = strsep(&group, ":");
    if (group == NULL || parse_unsigned(user, 10, &uid) < 0 || parse_unsigned(group, 10, &gid) < 0 ||
        uid >= UINT32_MAX || gid >= UINT32_MAX)
        return -1;
    owners->given = true;
    owners->uid = (uid_t)uid;
    owners->gid = (gid_t)gid;
    return 1;
}

int owners_take(struct owners *owners, const char *word)
{
    if (strncmp(word, "owner=", 6) == 0) return take_owner(owners, word + 6);
    if (strncmp(word, "from=", 5) == 0) return add_id_map(&owners->way.from, word + 5) < 0 ? -1 : 1;
    if (strncmp(word, "to=", 3) == 0) return add_id_map(&owners->way.to, word + 3) < 0 ? -1 : 1;
    return 0;
}

static int translate_ids(const struct owners *owners, struct stat *stat)
{
    const struct id_way given = {.to = owners->way.to};
    const struct id_way *way = owners->given ? &given : &owners->way;
    uint32_t uid = owners->given ? owners->uid : stat->st_uid,
             gid = owners->given ? owners->gid : stat->st_gid;
    return translate_id(way, 'u', uid, &stat->st_uid) < 0 || translate_id(way, 'g', gid, &stat->st_gid) < 0
               ? -1
               : 0;
}

/* The few attributes with ids in them are rewritten where there is room for a larger one. */
static int translate_attributes(struct owners *owners, struct attributes *attributes)
{
    size_t used = 0;
    for (size_t i = 0; i < attributes->count; i++) {
        struct attribute *attribute = &attributes->list[i];
        bool has_ids = strcmp(attribute->name, "security.capability") == 0 ||
                       strncmp(attribute->name, "system.posix_acl_", 17) == 0;
        if (!has_ids) continue;
        /* A capability and two ACLs at most. */
        if (owners->value == NULL) owners->value = malloc(3 * (ATTRIBUTE_MAX + ATTRIBUTE_MORE));
        if (owners->value == NULL) return -1;
        ssize_t size = (ssize_t)attribute->size;
        char *value = owners->value + used;
        memcpy(value, attribute->value, attribute->size);
        if (translate_attribute(&owners->way, attribute->name, value, &size) < 0) return -1;
        attribute->value = value;
        attribute->size = (size_t)size;
        used += ATTRIBUTE_MAX + ATTRIBUTE_MORE;
    }
    return 0;
}

int owners_translate(struct owners *owners, struct making *making, struct attributes *attributes)
{
    if (translate_ids(owners, &making->stat) < 0) return -1;
    if (changes_ids(&owners->way) && translate_attributes(owners, attributes) < 0) return -1;
    making->attributes = attributes->list;
    making->attribute_count = attributes->count;
    return 0;
}

int owners_act(const struct owners *owners)
{
    struct owner root;
    const struct id_way way = {.to = owners->way.to};
    if (way.to.count == 0) return 0;
    if (translate_id(&way, 'u', 0, &root.uid) < 0 || translate_id(&way, 'g', 0, &root.gid) < 0) return -1;
    return act_as(&root);
}

void free_owners(struct owners *owners)
{
    free(owners->way.from.maps);
    free(owners->way.to.maps);
    free(owners->value);
}
