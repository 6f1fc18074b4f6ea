#include "init/lender.h"

#include "base/child.h"
#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "confine/idmap.h"
#include "confine/rlimit.h"
#include "init/borrow.h"
#include "init/mounts.h"
#include "init/overlay.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* The lender's home: its mount namespace, and its root there. */
struct place {
    int mounts, root;
};

static int open_users(pid_t init)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/user", init);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Does what only privileged processes may do to the first process, before anything else of it happens. */
static int give_rights(const struct plan *plan, pid_t init, const struct lender_ends *ends,
                       const struct owner *owner)
{
    char process[16];
    snprintf(process, sizeof process, "%d", init);
    if (set_oom_score(plan, process) < 0) return -1;
    for (int i = 0; i < 3; i++) {
        struct stat stat;
        if (fstat(ends->streams[i], &stat) < 0 || !S_ISFIFO(stat.st_mode)) continue;
        if (fchown(ends->streams[i], owner->uid, owner->gid) < 0) return failed(STAGE_ID_MAP, "streams");
    }
    return 0;
}

/*
 * Leaves the host's mount namespace, so that nobody else sees the mounts that are needed on the way: layers shown
 * through the maps, and an overlay that mount(2) has to attach. First slave, so that they do not reach the host.
 */
static int leave_mounts(struct place *place)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return failed(STAGE_PROPAGATION, "slave");
    place->mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    place->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return place->mounts < 0 || place->root < 0 ? failed(STAGE_PROPAGATION, "slave") : 0;
}

/*
 * The lender's way into another container's mounts and back. The other one may have put anything at the path: it is
 * resolved without symlinks, has to be where a tmpfs is mounted, and nothing but this mount itself is taken.
 */
static int clone_mount_of(const struct record *record, const struct place *place)
{
    uint64_t attributes;
    owned_fd process = open_process(record->arg[0], record->arg[1]);
    if (process < 0 || mount_attributes(record->arg[4], &attributes, NULL, NULL) < 0 ||
        setns(process, CLONE_NEWNS) < 0)
        return -1;
    owned_fd mount = clone_tmpfs(record->arg[2]);
    int error = errno;
    /* To the root that we had, which setns(2) forgets. */
    if (setns(place->mounts, CLONE_NEWNS) < 0 || fchdir(place->root) < 0 || chroot(".") < 0) return -1;
    errno = error;
    if (mount < 0 || k_mount_private(mount) < 0 ||
        (attributes != 0 && k_mount_setattr(mount, false, attributes) < 0))
        return -1;
    return steal_fd(&mount);
}

static int make_mount(const struct record *record, int users, const struct owner *owner,
                      const struct place *place)
{
    switch (record->op) {
    case OP_OVERLAY:
        return make_overlay(record, users, owner);
    case OP_BIND_ROOT:
        return clone_bind_root(record);
    case OP_BIND:
        return clone_bind(record, users);
    default: {
        int mount = clone_mount_of(record, place);
        return mount < 0 ? failed(STAGE_BIND_OF, record->arg[2]) : mount;
    }
    }
}

static bool is_lent(const struct record *record, bool unprivileged)
{
    return record->op == OP_BIND_OF ||
           (unprivileged &&
            (record->op == OP_OVERLAY || record->op == OP_BIND_ROOT || record->op == OP_BIND));
}

static int lend_mounts(const struct plan *plan, int socket, int users, const struct owner *owner)
{
    struct place place = {-1, -1};
    if (leave_mounts(&place) < 0) return -1;
    for (struct record record = {0}; plan_next(plan, SECTION_INIT, &record);) {
        if (record.op == OP_PROPAGATION && step_propagation(&record) < 0) return -1;
        if (!is_lent(&record, is_unprivileged(plan))) continue;
        owned_fd mount = make_mount(&record, users, owner, &place);
        if (mount < 0) return -1;
        if (send_descriptor(socket, mount) < 0) return failed(STAGE_MONITOR, "lender");
        trace(record_name(&record));
    }
    return 0;
}

static int perform(const struct plan *plan, pid_t init, const struct lender_ends *ends)
{
    struct owner owner = {0, 0};
    if (!is_unprivileged(plan)) return lend_mounts(plan, ends->socket, -1, &owner);
    if ((plan->namespaces & CLONE_NEWUSER) && write_id_maps(plan, init) < 0) return -1;
    if (find_owner(init, &owner) < 0 || give_rights(plan, init, ends, &owner) < 0) return -1;
    owned_fd users = open_users(init);
    if (users < 0) return failed(STAGE_ID_MAP, "user namespace");
    if (send_descriptor(ends->socket, -1) < 0) return failed(STAGE_MONITOR, "lender");
    trace("ids mapped");
    return lend_mounts(plan, ends->socket, users, &owner);
}

pid_t lender_start(const struct plan *plan, pid_t init, const struct lender_ends *ends)
{
    pid_t pid = fork();
    if (pid < 0) return failed(STAGE_MONITOR, "lender");
    if (pid > 0) return pid;
    trace_as(TRACE_LENDER);
    prctl(PR_SET_NAME, "skiff-lender");
    for (size_t i = 0; i < sizeof ends->idle / sizeof *ends->idle; i++)
        if (ends->idle[i] >= 0) close(ends->idle[i]);
    die_with_reader(ends->report);
    if (perform(plan, init, ends) == 0) _exit(0);
    report_to(ends->report);
    _exit(1);
}
