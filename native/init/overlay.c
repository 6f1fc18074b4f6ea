#include "init/overlay.h"

#include "base/kernel.h"
#include "base/project_quota.h"
#include "base/report.h"
#include "base/util.h"
#include "confine/idmap.h"
#include "init/borrow.h"
#include "init/mounts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

/* The kernel takes 500 lower directories (OVL_MAX_STACK). */
#define DIRECTORIES_MAX 512

/*
 * The directories of an overlay, open. They are handed to the kernel by number: that needs no escaping of colons and
 * commas, keeps hundreds of layers below the one page that mount(2) has for options, and does not tell the container
 * the host's paths.
 */
struct layers {
    int fds[DIRECTORIES_MAX]; /* upper, work, then the lower ones */
    unsigned count, writable; /* writable: 2 with upper and work, else 0 */
    bool mapped;              /* shown through id maps */
    int mapped_upper;         /* then the mount with upper and work */
};

static void unmount(int mount)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", mount);
    umount2(path, MNT_DETACH);
}

/*
 * Detaches what shows layers mapped, which is attached over them: whoever opens something below them later must not go
 * through it.
 */
static void detach_mapped(struct layers *layers)
{
    for (unsigned i = layers->writable; i < layers->count; i++)
        unmount(layers->fds[i]);
    if (layers->mapped_upper >= 0) unmount(layers->mapped_upper);
    close_fd(&layers->mapped_upper);
}

static void close_layers(struct layers *layers)
{
    if (layers->mapped) detach_mapped(layers);
    for (unsigned i = 0; i < layers->count; i++)
        close_fd(&layers->fds[i]);
}

static int open_layer(struct layers *layers, int parent, const char *path)
{
    if (layers->count == DIRECTORIES_MAX) {
        errno = E2BIG;
        return failed(STAGE_OVERLAY, path);
    }
    int fd = openat(parent, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed(STAGE_OVERLAY, path);
    layers->fds[layers->count++] = fd;
    return 0;
}

/* Upper and work have to be on one mount: so what is shown mapped is the directory that holds both. */
static int open_mapped_upper(struct layers *layers, const struct record *record, int users)
{
    const char *upper = strrchr(record->arg[1], '/'), *work = strrchr(record->arg[2], '/');
    char directory[PATH_MAX];
    size_t length = upper == NULL ? 0 : (size_t)(upper - record->arg[1]);
    if (work == NULL || length == 0 || length != (size_t)(work - record->arg[2]) ||
        length >= sizeof directory || memcmp(record->arg[1], record->arg[2], length) != 0) {
        errno = EINVAL;
        return failed(STAGE_ID_MAPPED_MOUNT, record->arg[2]);
    }
    snprintf(directory, sizeof directory, "%.*s", (int)length, record->arg[1]);
    owned_fd parent = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0) return failed(STAGE_OVERLAY, directory);
    if (show_mapped(&parent, users, directory) < 0) return -1;
    layers->mapped_upper = fcntl(parent, F_DUPFD_CLOEXEC, 3);
    return open_layer(layers, parent, upper + 1) < 0 || open_layer(layers, parent, work + 1) < 0 ? -1 : 0;
}

static int open_upper(struct layers *layers, const struct record *record, int users)
{
    if (users >= 0) return open_mapped_upper(layers, record, users);
    return open_layer(layers, AT_FDCWD, record->arg[1]) < 0 ||
                   open_layer(layers, AT_FDCWD, record->arg[2]) < 0
               ? -1
               : 0;
}

/* The number of arguments before the lower directories. */
static unsigned first_lower(const struct record *record)
{
    return record->op == OP_OVERLAY_AT ? 5 : 4;
}

/* Opens the layers of a record as they are, or through the ids of the user namespace `users`. */
static int open_layers(struct layers *layers, const struct record *record, int users)
{
    if (*record->arg[1] != '\0') {
        if (open_upper(layers, record, users) < 0) return -1;
        layers->writable = layers->count;
    }
    unsigned first = first_lower(record);
    const char *path = record->arg[first];
    for (unsigned i = first; i < record->count; i++, path = next_field(path)) {
        if (open_layer(layers, AT_FDCWD, path) < 0) return -1;
        if (users >= 0 && show_mapped(&layers->fds[layers->count - 1], users, path) < 0) return -1;
    }
    return 0;
}

static int set_directory(int fs, const char *key, int fd)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return k_fsconfig(fs, K_FSCONFIG_SET_STRING, key, path);
}

#define QUOTA_WORD "quota="

/* Whether a word is the helper's own, and overlay does not know it. */
static bool is_quota(const char *word)
{
    return strncmp(word, QUOTA_WORD, strlen(QUOTA_WORD)) == 0;
}

static int configure_overlay(void *context, const char *word)
{
    if (is_quota(word)) return 0;
    return configure(*(int *)context, word);
}

/*
 * Whether the kernel reads options when they are given. Before Linux 6.5 they were collected unread; at the end overlay
 * refused lowerdir+, with a line in the kernel's log for every start. An option that no kernel knows tells them apart
 * without any noise.
 */
static bool reads_options(int fs)
{
    return k_fsconfig(fs, K_FSCONFIG_SET_FLAG, "skiff-probe", NULL) < 0;
}

/*
 * Mounts with the mount API: every layer is an option of its own (lowerdir+). EINVAL from kernels that do not know it.
 */
static int mount_by_steps(const struct layers *layers, const char *words)
{
    uint64_t attributes = 0;
    owned_fd fs = k_fsopen("overlay");
    if (fs < 0) return -1;
    if (!reads_options(fs)) return fail_with(EINVAL);
    if (k_fsconfig(fs, K_FSCONFIG_SET_STRING, "source", "overlay") < 0) return -1;
    for (unsigned i = layers->writable; i < layers->count; i++) {
        if (set_directory(fs, "lowerdir+", layers->fds[i]) < 0) return -1;
    }
    if (layers->writable != 0 && (set_directory(fs, "upperdir", layers->fds[0]) < 0 ||
                                  set_directory(fs, "workdir", layers->fds[1]) < 0))
        return -1;
    if (mount_attributes(words, &attributes, configure_overlay, &fs) < 0 ||
        k_fsconfig(fs, K_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
        return -1;
    return k_fsmount(fs, (unsigned)attributes);
}

static int append_option(void *context, const char *word)
{
    char *options = context;
    if (is_quota(word)) return 0;
    size_t length = strlen(options);
    return snprintf(options + length, 4096 - length, ",%s", word) >= (int)(4096 - length) ? fail_with(E2BIG)
                                                                                          : 0;
}

/*
 * Mounts with mount(2): the options have one page, so the directories are named relative to /proc/self/fd, "7:8:9". The
 * mount comes back as a clone, as attributes cannot be given along with every flag that mount(2) lacks.
 */
static int mount_at_once(const struct layers *layers, const char *words, const char *mount_point)
{
    char options[4096] = "lowerdir=";
    uint64_t attributes = 0;
    size_t length = strlen(options);
    for (unsigned i = layers->writable; i < layers->count; i++)
        length += (size_t)snprintf(options + length, sizeof options - length,
                                   i > layers->writable ? ":%d" : "%d", layers->fds[i]);
    if (layers->writable != 0)
        snprintf(options + length, sizeof options - length, ",upperdir=%d,workdir=%d", layers->fds[0],
                 layers->fds[1]);
    if (mount_attributes(words, &attributes, append_option, options) < 0) return -1;
    if (chdir("/proc/self/fd") < 0 || mount("overlay", mount_point, "overlay", 0, options) < 0) return -1;
    owned_fd root = open(mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || chdir("/") < 0 || k_mount_setattr(root, false, attributes) < 0) return -1;
    return steal_fd(&root);
}

static int attach(int tree, const char *mount_point)
{
    owned_fd target = open(mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return target < 0 ? -1 : k_move_mount(tree, target);
}

/*
 * Where an overlay may be attached for a moment, or for good: a directory of the host. For `overlay-at` it is the one that
 * it shows.
 */
static const char *host_place(const struct record *record)
{
    return record->arg[record->op == OP_OVERLAY_AT ? 5 : 0];
}

/* The overlay's root; `attached` tells whether it is at its place on the host already. */
static int mount_layers(const struct record *record, const struct layers *layers, bool *attached)
{
    const char *mount_point = host_place(record), *words = record->arg[3];
    int tree = mount_by_steps(layers, words);
    *attached = tree < 0 && (errno == EINVAL || errno == ENOSYS);
    return *attached ? mount_at_once(layers, words, mount_point) : tree;
}

static int mount_layers_as(const struct owner *owner, const struct record *record,
                           const struct layers *layers, bool *attached)
{
    const struct owner ours = {0, 0};
    if (act_as(owner) < 0) return -1;
    owned_fd tree = mount_layers(record, layers, attached);
    return act_as(&ours) < 0 || tree < 0 ? -1 : steal_fd(&tree);
}

/*
 * What overlay makes anew at each mount, a directory in work, takes room that a container may have used up: it would then
 * be mounted read-only, and nobody could make room. XFS wants some hundred blocks for it, of 64 kB at most.
 */
#define ROOM (16 << 20)

/* Reads the word `quota=BYTES` among the flags of a record; false without. */
static bool read_quota(const struct record *record, uint64_t *bytes)
{
    char word[64];
    for (const char *words = record->arg[3]; words != NULL && *words != '\0';) {
        words = next_word(words, word, sizeof word);
        if (is_quota(word)) return parse_unsigned(word + strlen(QUOTA_WORD), 10, bytes) == 0;
    }
    return false;
}

/* The overlay's root, as `owner` unless that is NULL; meanwhile a limit of what is written is higher. */
static int mount_with_room(const struct record *record, const struct layers *layers,
                           const struct owner *owner, bool *attached)
{
    uint64_t bytes;
    bool limited = layers->writable != 0 && read_quota(record, &bytes);
    if (limited && quota_limit(record->arg[1], bytes + ROOM) < 0) return failed(STAGE_QUOTA, record->arg[1]);
    owned_fd tree = owner == NULL ? mount_layers(record, layers, attached)
                                  : mount_layers_as(owner, record, layers, attached);
    if (tree < 0) failed(STAGE_OVERLAY, record->arg[0]);
    if (limited && quota_limit(record->arg[1], bytes) < 0) return failed(STAGE_QUOTA, record->arg[1]);
    return steal_fd(&tree);
}

/*
 * The overlay of a record and whether it is attached to its place on the host, which may lie on what shows a layer mapped:
 * the layers have to stay until it is not needed there any more.
 */
static int make_tree(struct layers *layers, const struct record *record, int users, const struct owner *owner,
                     bool *attached)
{
    bool mapped = has_word(record->arg[3], "idmap");
    if (mapped && users < 0) return fail_with(EINVAL), failed(STAGE_ID_MAPPED_MOUNT, record->arg[0]);
    layers->mapped = mapped;
    if (open_layers(layers, record, mapped ? users : -1) < 0) return -1;
    return mount_with_room(record, layers, mapped ? owner : NULL, attached);
}

int make_overlay(const struct record *record, int users, const struct owner *owner)
{
    owned(close_layers) struct layers layers = {.mapped_upper = -1};
    bool attached;
    owned_fd tree = make_tree(&layers, record, users, owner, &attached);
    if (tree < 0 || !attached) return steal_fd(&tree);
    int detached = k_open_tree(tree, "", K_OPEN_TREE_CLONE | AT_EMPTY_PATH);
    return detached < 0 ? failed(STAGE_OVERLAY, record->arg[0]) : detached;
}

/* Only of a mount that is attached somewhere a part can be cloned (Linux before 6.15). */
static int clone_beneath(int tree, const char *beneath)
{
    owned_fd found = k_openat2(tree, beneath, O_PATH, 0, K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS);
    return found < 0 ? -1 : k_open_tree(found, "", K_OPEN_TREE_CLONE | AT_EMPTY_PATH);
}

int make_overlay_at(const struct record *record, int users, const struct owner *owner)
{
    const char *beneath = record->arg[4];
    owned(close_layers) struct layers layers = {.mapped_upper = -1};
    bool attached;
    owned_fd tree = make_tree(&layers, record, users, owner, &attached);
    if (tree < 0 || (!attached && *beneath == '\0')) return steal_fd(&tree);
    if (!attached && attach(tree, host_place(record)) < 0) return failed(STAGE_OVERLAY_AT, record->arg[0]);
    owned_fd part = clone_beneath(tree, *beneath == '\0' ? "." : beneath);
    int error = errno;
    unmount(tree);
    errno = error;
    return part < 0 ? failed(STAGE_OVERLAY_AT, *beneath == '\0' ? record->arg[0] : beneath) : steal_fd(&part);
}

int step_overlay_at(struct rootfs *rootfs, const struct record *record)
{
    const struct owner ours = {0, 0};
    /* After the pivot its directories would be the image's choice. */
    if (rootfs->pivoted) return fail_with(EINVAL), failed(STAGE_OVERLAY_AT, record->arg[0]);
    owned_fd mount =
        is_lent(record, rootfs->unprivileged) ? borrow(rootfs->lender) : make_overlay_at(record, -1, &ours);
    if (attach_at(rootfs, mount, record->arg[0], record->arg[3]) < 0)
        return failed(STAGE_OVERLAY_AT, record->arg[0]);
    return 0;
}

int clone_bind_root(const struct record *record, int users)
{
    const char *directory = record->arg[1], *flags = record->arg[2];
    bool deep = has_word(flags, "rec");
    uint64_t attributes;
    if (mount_attributes(flags, &attributes, NULL, NULL) < 0) return failed(STAGE_BIND_ROOT, directory);
    owned_fd tree = k_open_tree(AT_FDCWD, directory, K_OPEN_TREE_CLONE | (deep ? AT_RECURSIVE : 0));
    if (tree < 0 || (attributes != 0 && k_mount_setattr(tree, deep, attributes) < 0) ||
        (has_word(flags, "ro-below") && k_mount_close_below(tree) < 0))
        return failed(STAGE_BIND_ROOT, directory);
    if (has_word(flags, "idmap") && k_mount_idmap(tree, users) < 0)
        return failed(STAGE_ID_MAPPED_MOUNT, directory);
    return steal_fd(&tree);
}

/* The root that the lender has made. */
static int attach_lent(struct rootfs *rootfs)
{
    rootfs->root = borrow(rootfs->lender);
    return rootfs->root < 0 ? -1 : k_move_mount(rootfs->root, rootfs->mount_point);
}

static int mount_own(struct rootfs *rootfs, const struct record *record)
{
    owned(close_layers) struct layers layers = {.mapped_upper = -1};
    bool attached;
    if (has_word(record->arg[3], "idmap")) return fail_with(EINVAL);
    if (open_layers(&layers, record, -1) < 0) return -1;
    rootfs->root = mount_with_room(record, &layers, NULL, &attached);
    if (rootfs->root < 0) return -1;
    return attached ? 0 : attach(rootfs->root, record->arg[0]);
}

int step_overlay(struct rootfs *rootfs, const struct record *record)
{
    int result = rootfs->unprivileged ? attach_lent(rootfs) : mount_own(rootfs, record);
    return result < 0 ? failed(STAGE_OVERLAY, record->arg[0]) : 0;
}

int step_bind_root(struct rootfs *rootfs, const struct record *record)
{
    if (rootfs->unprivileged) return attach_lent(rootfs) < 0 ? failed(STAGE_BIND_ROOT, record->arg[1]) : 0;
    rootfs->root = clone_bind_root(record, -1);
    if (rootfs->root < 0) return -1;
    return attach(rootfs->root, record->arg[0]) < 0 ? failed(STAGE_BIND_ROOT, record->arg[1]) : 0;
}
