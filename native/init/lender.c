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
#include "init/give.h"
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

struct lending {
    const struct plan *plan;
    pid_t init;
    int users;              /* the first process's user namespace; -1: the host's */
    struct owner root;      /* what its root is outside */
    struct place own, host; /* the host's is left open when something is shared with it */
    struct rootfs rootfs;   /* the root that was lent, in which names of users are looked up */
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
static int leave_mounts(struct lending *lending)
{
    if ((plan_propagates(lending->plan) && open_place(&lending->host) < 0) || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 || open_place(&lending->own) < 0)
        return failed(STAGE_PROPAGATION, "slave");
    return 0;
}

/* Finds to whom a source is given: the container's user. What is surely shown through the maps takes any of his ids. */
static int find_receiver(const struct lending *lending, const char *flags, struct receiver *receiver)
{
    if (find_user_owner(&lending->rootfs, &receiver->inside) < 0) return -1;
    receiver->outside = receiver->inside;
    return has_word(flags, "idmap") ? 0 : find_owner(lending->init, receiver->inside, &receiver->outside);
}

static int lend_bind(const struct lending *lending, const struct record *record)
{
    struct receiver receiver;
    const char *flags = bind_read(record).flags;
    bool gives = has_word(flags, "chown");
    if (gives && find_receiver(lending, flags, &receiver) < 0) return -1;
    return clone_bind(record, lending->users, gives ? &receiver : NULL);
}

/* What is mounted here is a copy already: what is to be shared with the host is cloned from the host's own mount. */
static int lend_propagating(const struct lending *lending, const struct record *record)
{
    if (go_to(&lending->host) < 0) return failed(STAGE_PROPAGATION, "shared");
    owned_fd mount = lend_bind(lending, record);
    if (go_to(&lending->own) < 0) return failed(STAGE_PROPAGATION, "shared");
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

static int make_mount(const struct lending *lending, const struct record *record)
{
    switch (record->op) {
    case OP_OVERLAY:
        return make_overlay(record, lending->users, &lending->root);
    case OP_OVERLAY_AT:
        return make_overlay_at(record, lending->users, &lending->root);
    case OP_BIND_ROOT:
        return clone_bind_root(record, lending->users);
    case OP_BIND:
    case OP_BIND_BENEATH:
        return bind_propagates(record) ? lend_propagating(lending, record) : lend_bind(lending, record);
    default: {
        int mount = clone_mount_of(record, &lending->own);
        return mount < 0 ? failed(STAGE_BIND_OF, record->arg[2]) : mount;
    }
    }
}

static int lend(struct lending *lending, const struct record *record, int socket)
{
    owned_fd mount = make_mount(lending, record);
    if (mount < 0) return -1;
    if (send_descriptor(socket, mount) < 0) return failed(STAGE_MONITOR, "lender");
    if (record->op == OP_OVERLAY || record->op == OP_BIND_ROOT) lending->rootfs.root = steal_fd(&mount);
    return 0;
}

static int lend_mounts(struct lending *lending, int socket)
{
    if (leave_mounts(lending) < 0) return -1;
    for (struct record record = {0}; plan_next(lending->plan, SECTION_INIT, &record);) {
        if (record.op == OP_PROPAGATION && step_propagation(&record) < 0) return -1;
        if (!is_lent(&record, is_unprivileged(lending->plan))) continue;
        if (lend(lending, &record, socket) < 0) return -1;
        trace(record_name(&record));
    }
    return 0;
}

static int perform(const struct plan *plan, pid_t init, const struct lender_ends *ends)
{
    struct lending lending = {.plan = plan,
                              .init = init,
                              .users = -1,
                              .own = {-1, -1},
                              .host = {-1, -1},
                              .rootfs = {.root = -1, .lender = -1, .user = plan_user(plan)}};
    if (!is_unprivileged(plan)) return lend_mounts(&lending, ends->socket);
    if ((plan->namespaces & CLONE_NEWUSER) && write_id_maps(plan, init) < 0) return -1;
    if (find_owner(init, (struct owner){0, 0}, &lending.root) < 0 ||
        give_rights(plan, init, ends, &lending.root) < 0)
        return -1;
    owned_fd users = open_users(init);
    if (users < 0) return failed(STAGE_ID_MAP, "user namespace");
    if (send_descriptor(ends->socket, -1) < 0) return failed(STAGE_MONITOR, "lender");
    trace("ids mapped");
    lending.users = users;
    return lend_mounts(&lending, ends->socket);
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
