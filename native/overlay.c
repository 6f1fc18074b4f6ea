/* The root file system: an overlay of layers, or a directory as it is. */
#include "kernel.h"
#include "report.h"
#include "steps.h"
#include "util.h"

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
    unsigned count;
};

static void close_layers(struct layers *layers)
{
    for (unsigned i = 0; i < layers->count; i++)
        close_fd(&layers->fds[i]);
}

static int open_layer(struct layers *layers, const char *path)
{
    if (layers->count == DIRECTORIES_MAX) {
        errno = E2BIG;
        return failed(STAGE_OVERLAY, path);
    }
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed(STAGE_OVERLAY, path);
    layers->fds[layers->count++] = fd;
    return 0;
}

static int open_layers(struct layers *layers, const struct record *record)
{
    if (open_layer(layers, record->arg[1]) < 0 || open_layer(layers, record->arg[2]) < 0) return -1;
    const char *path = record->arg[4];
    for (unsigned i = 4; i < record->count; i++, path = next_field(path)) {
        if (open_layer(layers, path) < 0) return -1;
    }
    return 0;
}

static int set_directory(int fs, const char *key, int fd)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return k_fsconfig(fs, K_FSCONFIG_SET_STRING, key, path);
}

static int configure_overlay(void *context, const char *word)
{
    return configure(*(int *)context, word);
}

/*
 * Before Linux 6.5 options were collected unread, whatever they were; at the end overlay refused lowerdir+, with a line
 * in the kernel's log for every start. One that no kernel knows tells them apart without any noise.
 */
static bool reads_options(int fs)
{
    return k_fsconfig(fs, K_FSCONFIG_SET_FLAG, "skiff-probe", NULL) < 0;
}

/* With the mount API: every layer is an option of its own (lowerdir+). EINVAL from kernels that do not know it. */
static int mount_by_steps(const struct layers *layers, const char *words)
{
    uint64_t attributes = 0;
    owned_fd fs = k_fsopen("overlay");
    if (fs < 0) return -1;
    if (!reads_options(fs)) return fail_with(EINVAL);
    if (k_fsconfig(fs, K_FSCONFIG_SET_STRING, "source", "overlay") < 0) return -1;
    for (unsigned i = 2; i < layers->count; i++) {
        if (set_directory(fs, "lowerdir+", layers->fds[i]) < 0) return -1;
    }
    if (set_directory(fs, "upperdir", layers->fds[0]) < 0 ||
        set_directory(fs, "workdir", layers->fds[1]) < 0 ||
        mount_attributes(words, &attributes, configure_overlay, &fs) < 0 ||
        k_fsconfig(fs, K_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
        return -1;
    return k_fsmount(fs, (unsigned)attributes);
}

static int append_option(void *context, const char *word)
{
    char *options = context;
    size_t length = strlen(options);
    return snprintf(options + length, 4096 - length, ",%s", word) >= (int)(4096 - length) ? fail_with(E2BIG)
                                                                                          : 0;
}

/*
 * With mount(2): the options have one page, so the directories are named relative to /proc/self/fd, "7:8:9". The
 * mount comes back as a clone, as attributes cannot be given along with every flag that mount(2) lacks.
 */
static int mount_at_once(const struct layers *layers, const char *words, const char *mount_point)
{
    char options[4096] = "lowerdir=";
    uint64_t attributes = 0;
    size_t length = strlen(options);
    for (unsigned i = 2; i < layers->count; i++)
        length +=
            (size_t)snprintf(options + length, sizeof options - length, i > 2 ? ":%d" : "%d", layers->fds[i]);
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

static int mount_layers(const struct record *record, const struct layers *layers)
{
    const char *mount_point = record->arg[0], *words = record->arg[3];
    owned_fd tree = mount_by_steps(layers, words);
    if (tree < 0 && (errno == EINVAL || errno == ENOSYS)) return mount_at_once(layers, words, mount_point);
    if (tree < 0 || attach(tree, mount_point) < 0) return -1;
    return steal_fd(&tree);
}

int step_overlay(struct rootfs *rootfs, const struct record *record)
{
    __attribute__((cleanup(close_layers))) struct layers layers = {.count = 0};
    if (open_layers(&layers, record) < 0) return -1;
    rootfs->root = mount_layers(record, &layers);
    return rootfs->root < 0 ? failed(STAGE_OVERLAY, record->arg[0]) : 0;
}

int step_bind_root(struct rootfs *rootfs, const struct record *record)
{
    const char *directory = record->arg[0];
    rootfs->root = k_open_tree(AT_FDCWD, directory, K_OPEN_TREE_CLONE | AT_RECURSIVE);
    if (rootfs->root < 0 || attach(rootfs->root, directory) < 0) return failed(STAGE_BIND_ROOT, directory);
    return 0;
}
