#include "init/lender.h"

#include "base/child.h"
#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "confine/idmap.h"
#include "confine/rlimit.h"
#include "init/bind.h"
#include "init/borrow.h"
#include "init/mounts.h"
#include "init/overlay.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* A mount namespace, and our root there, which setns(2) forgets. */
struct place {
    int mounts, root;
};

/* The lender's own place, and that of the host, which is left open when something is shared with it. */
struct places {
    struct place own, host;
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

static int open_place(struct place *place)
{
    place->mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    place->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return place->mounts < 0 || place->root < 0 ? -1 : 0;
}

static int go_to(const struct place *place)
{
    return setns(place->mounts, CLONE_NEWNS) < 0 || fchdir(place->root) < 0 ? -1 : chroot(".");
}

static bool plan_propagates(const struct plan *plan)
{
    for (struct record record = {0}; plan_next(plan, SECTION_INIT, &record);) {
        if ((record.op == OP_BIND || record.op == OP_BIND_BENEATH) && bind_propagates(&record)) return true;
    }
    return false;
}

/*
 * Leaves the host's mount namespace, so that nobody else sees the mounts that are needed on the way: layers shown
 * through the maps, and an overlay that mount(2) has to attach. First slave, so that they do not reach the host.
 */
static int leave_mounts(const struct plan *plan, struct places *places)
{
    if ((plan_propagates(plan) && open_place(&places->host) < 0) || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 || open_place(&places->own) < 0)
        return failed(STAGE_PROPAGATION, "slave");
    return 0;
}

/* What is mounted here is a copy already: what is to be shared with the host is cloned from the host's own mount. */
static int clone_propagating(const struct record *record, int users, const struct places *places)
{
    if (go_to(&places->host) < 0) return failed(STAGE_PROPAGATION, "shared");
    owned_fd mount = clone_bind(record, users);
    if (go_to(&places->own) < 0) return failed(STAGE_PROPAGATION, "shared");
    return steal_fd(&mount);
}

/*
 * The lender's way into another container's mounts and back. The other one may have put anything at the path: it is
 * resolved without symlinks, has to be where a tmpfs is mounted, and nothing but this mount itself is taken.
 */
static int clone_mount_of(const struct record *record, const struct place *own)
{
    uint64_t attributes;
    owned_fd process = open_process(record->arg[0], record->arg[1]);
    if (process < 0 || mount_attributes(record->arg[4], &attributes, NULL, NULL) < 0 ||
        setns(process, CLONE_NEWNS) < 0)
        return -1;
    owned_fd mount = clone_tmpfs(record->arg[2]);
    int error = errno;
    if (go_to(own) < 0) return -1;
    errno = error;
    if (mount < 0 || k_mount_propagation(mount, false, MS_PRIVATE) < 0 ||
        (attributes != 0 && k_mount_setattr(mount, false, attributes) < 0))
        return -1;
    return steal_fd(&mount);
}

static int make_mount(const struct record *record, int users, const struct owner *owner,
                      const struct places *places)
{
    switch (record->op) {
    case OP_OVERLAY:
        return make_overlay(record, users, owner);
    case OP_OVERLAY_AT:
        return make_overlay_at(record, users, owner);
    case OP_BIND_ROOT:
        return clone_bind_root(record);
    case OP_BIND:
    case OP_BIND_BENEATH:
        return bind_propagates(record) ? clone_propagating(record, users, places) : clone_bind(record, users);
    default: {
        int mount = clone_mount_of(record, &places->own);
        return mount < 0 ? failed(STAGE_BIND_OF, record->arg[2]) : mount;
    }
    }
}

static int lend_mounts(const struct plan *plan, int socket, int users, const struct owner *owner)
{
    struct places places = {{-1, -1}, {-1, -1}};
    if (leave_mounts(plan, &places) < 0) return -1;
    for (struct record record = {0}; plan_next(plan, SECTION_INIT, &record);) {
        if (record.op == OP_PROPAGATION && step_propagation(&record) < 0) return -1;
        if (!is_lent(&record, is_unprivileged(plan))) continue;
        owned_fd mount = make_mount(&record, users, owner, &places);
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
