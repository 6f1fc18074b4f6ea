#include "confine/confine.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"

#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>

static int own_permitted(uint64_t *permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    return 0;
}

int read_capabilities(const struct record *record, struct capability_sets *sets)
{
    uint64_t own,
        *masks[] = {&sets->bounding, &sets->permitted, &sets->inheritable, &sets->effective, &sets->ambient};
    if (own_permitted(&own) < 0) return failed(STAGE_CAPABILITIES, "capget");
    for (int i = 0; i < 5; i++) {
        if (parse_unsigned(record->arg[i], 16, masks[i]) < 0)
            return failed(STAGE_CAPABILITIES, record->arg[i]);
        *masks[i] &= own;
    }
    sets->given = true;
    return 0;
}

static int drop_bounding(uint64_t keep)
{
    for (int capability = 0; capability < 64; capability++) {
        int present = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
        if (present < 0) return 0; /* beyond what this kernel knows */
        if (present && !(keep >> capability & 1) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
            return -1;
    }
    return 0;
}

static int set_capabilities(const struct capability_sets *sets, uint64_t more)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        data[i].permitted = (uint32_t)((sets->permitted | more) >> 32 * i);
        data[i].inheritable = (uint32_t)(sets->inheritable >> 32 * i);
        data[i].effective = (uint32_t)((sets->effective | more) >> 32 * i);
    }
    return (int)syscall(SYS_capset, &header, data);
}

static int set_ambient(uint64_t ambient)
{
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int capability = 0; capability < 64; capability++) {
        if (!(ambient >> capability & 1)) continue;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0) return -1;
    }
    return 0;
}

/* Completes the sets of a plan without a record `capabilities`: as setresuid(2) would leave them. */
static int complete(struct capability_sets *sets, const struct identity *identity)
{
    if (sets->given || identity->uid != 0) return 0;
    if (own_permitted(&sets->permitted) < 0) return -1;
    sets->effective = sets->permitted;
    return 0;
}

static int failed_with_id(enum stage stage, id_t id)
{
    char text[24];
    snprintf(text, sizeof text, "%u", id);
    return failed(stage, text);
}

/* Finds the group that the user namespace does not map: the kernel only says that there is one (EINVAL). */
static int blame_group(const struct identity *identity)
{
    int error = errno;
    gid_t blamed = identity->gid;
    for (size_t i = 0; i < identity->group_count; i++) {
        if (syscall(SYS_setgroups, 1, &identity->groups[i]) < 0) blamed = identity->groups[i];
    }
    errno = error;
    return failed_with_id(STAGE_GROUP, blamed);
}

/* System calls of their own, not the C library's, which would synchronise threads that are not there. */
static int become(const struct identity *identity)
{
    if (!identity->keeps_groups && syscall(SYS_setgroups, identity->group_count, identity->groups) < 0)
        return blame_group(identity);
    if (syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) < 0)
        return failed_with_id(STAGE_GROUP, identity->gid);
    if (syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid) < 0)
        return failed_with_id(STAGE_USER, identity->uid);
    return 0;
}

int confine(const struct identity *identity, struct capability_sets *sets, bool for_filter)
{
    uint64_t own, more = 0;
    /* Who shares the pid namespace could otherwise trace this process from here on, and enter it (CVE-2016-9962). */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (complete(sets, identity) < 0 || own_permitted(&own) < 0) return failed(STAGE_CAPABILITIES, "capget");
    if (for_filter) more = own & 1ULL << CAP_SYS_ADMIN & ~sets->effective;
    if (sets->given && drop_bounding(sets->bounding) < 0) return failed(STAGE_CAPABILITIES, "bounding");
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return failed(STAGE_CAPABILITIES, "keep");
    if (become(identity) < 0) return -1;
    if (set_capabilities(sets, more) < 0) return failed(STAGE_CAPABILITIES, "set");
    if (set_ambient(sets->ambient) < 0) return failed(STAGE_CAPABILITIES, "ambient");
    sets->excess = more != 0;
    return 0;
}

int confine_last(const struct capability_sets *sets)
{
    if (!sets->excess || set_capabilities(sets, 0) == 0) return 0;
    return failed(STAGE_CAPABILITIES, "set");
}
