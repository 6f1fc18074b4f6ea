#include "init/give.h"

#include "base/util.h"
#include "base/walk.h"
#include "confine/user.h"

#include <fcntl.h>
#include <unistd.h>

const char *plan_user(const struct plan *plan)
{
    for (struct record record = {0}; plan_next(plan, SECTION_PROCESS, &record);) {
        if (record.op == OP_USER) return record.arg[0];
    }
    return "";
}

int find_user_owner(const struct rootfs *rootfs, struct owner *owner)
{
    struct identity identity;
    if (find_identity(rootfs, rootfs->user, &identity) < 0) return -1;
    *owner = (struct owner){.uid = identity.uid, .gid = identity.gid};
    return 0;
}

/* What belongs to them already keeps its bits of set-user-ID, which chown(2) takes away. */
static int give(void *context, const struct entry *entry)
{
    const struct owner *owner = context;
    if (entry->stat.st_uid == owner->uid && entry->stat.st_gid == owner->gid) return VISIT_ENTER;
    return fchownat(entry->fd, "", owner->uid, owner->gid, AT_EMPTY_PATH) < 0 ? -1 : VISIT_ENTER;
}

int give_tree(int mount, const struct owner *owner)
{
    struct owner to = *owner;
    return walk_tree(mount, &(struct visitor){.context = &to, .visit = give});
}
