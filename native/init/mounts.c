#include "init/mounts.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "confine/idmap.h"
#include "init/bind.h"
#include "init/borrow.h"
#include "init/give.h"

#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static const struct {
    const char *word;
    uint64_t attribute;
} attribute_words[] = {
    {"ro", K_ATTR_RDONLY},
    {"nosuid", K_ATTR_NOSUID},
    {"nodev", K_ATTR_NODEV},
    {"noexec", K_ATTR_NOEXEC},
    {"noatime", K_ATTR_NOATIME},
    {"strictatime", K_ATTR_STRICTATIME},
    {"relatime", 0},
    {"rec", 0},
    {"idmap", 0},
    {"try-idmap", 0},
    {"mkdir", 0},
    {"mkfile", 0},
    {"mksame", 0},
    {"keep-mode", 0},
    {"nofollow", 0},
    {"chown", 0},
    {"ro-top", 0},
    {"ro-below", 0},
    {"shared", 0},
    {"rshared", 0},
    {"slave", 0},
    {"rslave", 0},
};

int mount_attributes(const char *words, uint64_t *attributes, int (*other)(void *, const char *),
                     void *context)
{
    char word[256];
    *attributes = 0;
    while (*words != '\0') {
        if ((words = next_word(words, word, sizeof word)) == NULL) return fail_with(EINVAL);
        size_t i = 0, count = sizeof attribute_words / sizeof *attribute_words;
        while (i < count && strcmp(attribute_words[i].word, word) != 0)
            i++;
        if (i < count)
            *attributes |= attribute_words[i].attribute;
        else if (other == NULL)
            return fail_with(EINVAL);
        else if (other(context, word) < 0)
            return -1;
    }
    return 0;
}

int configure(int fs, const char *word)
{
    char key[256];
    const char *equals = strchr(word, '=');
    if (equals == NULL) return k_fsconfig(fs, K_FSCONFIG_SET_FLAG, word, NULL);
    snprintf(key, sizeof key, "%.*s", (int)(equals - word), word);
    return k_fsconfig(fs, K_FSCONFIG_SET_STRING, key, equals + 1);
}

int step_propagation(const struct record *record)
{
    unsigned long type = strcmp(record->arg[0], "private") == 0 ? MS_PRIVATE
                         : strcmp(record->arg[0], "slave") == 0 ? MS_SLAVE
                                                                : 0;
    if (type == 0) errno = EINVAL;
    if (type == 0 || mount(NULL, "/", NULL, MS_REC | type, NULL) < 0)
        return failed(STAGE_PROPAGATION, record->arg[0]);
    return 0;
}

int make_file_system(const char *type, const char *source, const char *data, uint64_t attributes)
{
    char word[256];
    owned_fd fs = k_fsopen(type);
    if (fs < 0 || (*source != '\0' && k_fsconfig(fs, K_FSCONFIG_SET_STRING, "source", source) < 0)) return -1;
    while (*data != '\0') {
        if ((data = next_word(data, word, sizeof word)) == NULL) return fail_with(EINVAL);
        if (configure(fs, word) < 0) return -1;
    }
    if (k_fsconfig(fs, K_FSCONFIG_CMD_CREATE, NULL, NULL) < 0) return -1;
    return k_fsmount(fs, (unsigned)attributes);
}

/*
 * Attaches a mount as k_move_mount() does, which says EINVAL when one is a directory and the other is not: ENOTDIR or
 * EISDIR, as of a path.
 */
static int attach_mount(int mount, int target)
{
    struct stat what, where;
    if (k_move_mount(mount, target) == 0) return 0;
    if (errno != EINVAL) return -1;
    if (fstat(mount, &what) < 0 || fstat(target, &where) < 0) return -1;
    if (S_ISDIR(what.st_mode) == S_ISDIR(where.st_mode)) return fail_with(EINVAL);
    return fail_with(S_ISDIR(what.st_mode) ? ENOTDIR : EISDIR);
}

/* What a target that is missing becomes, on which `mount` is to be attached. */
static enum missing missing_policy(const char *flags, int mount)
{
    struct stat stat;
    if (has_word(flags, "mkdir")) return MISSING_BECOMES_DIRECTORY;
    if (has_word(flags, "mkfile")) return MISSING_BECOMES_FILE;
    if (!has_word(flags, "mksame") || fstat(mount, &stat) < 0) return MISSING_FAILS;
    return S_ISDIR(stat.st_mode) ? MISSING_BECOMES_DIRECTORY : MISSING_BECOMES_FILE;
}

/*
 * An image whose /proc or /sys is a symlink could have them mounted elsewhere, and what is masked below them later
 * would miss them (CVE-2019-19921).
 */
static bool is_kernels_own(const char *type)
{
    return strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0;
}

static bool is_procfs(int fd)
{
    struct statfs filesystem;
    return fstatfs(fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
}

int attach_at(const struct rootfs *rootfs, int mount, const char *target, const char *flags)
{
    bool exact = has_word(flags, "nofollow");
    if (mount < 0) return -1;
    owned_fd place =
        rootfs_open(rootfs, target, missing_policy(flags, mount), exact ? K_RESOLVE_NO_SYMLINKS : 0);
    if (place < 0) return -1;
    /* A link of the image to /proc/self/attr and the like would have what the kernel is told go elsewhere. */
    if (!exact && is_procfs(place)) return fail_with(EPERM);
    return attach_mount(mount, place);
}

/* A tmpfs looks like the directory that it covers, as /run does; one that covers nothing is for everybody. */
static const char *keep_mode(const struct rootfs *rootfs, const struct record *record, char *data,
                             size_t size)
{
    struct stat stat;
    if (!has_word(record->arg[3], "keep-mode")) return record->arg[4];
    owned_fd covered = rootfs_open(rootfs, record->arg[2], MISSING_FAILS, 0);
    if (covered < 0 || fstat(covered, &stat) < 0) return record->arg[4];
    const char *comma = *record->arg[4] == '\0' ? "" : ",";
    int length = snprintf(data, size, "mode=%o%s%s", stat.st_mode & 07777, comma, record->arg[4]);
    return length < (int)size ? data : record->arg[4];
}

static int mount_filesystem(const struct rootfs *rootfs, const struct record *record)
{
    const char *type = record->arg[0], *flags = record->arg[3];
    char room[1024];
    uint64_t attributes;
    if (mount_attributes(flags, &attributes, NULL, NULL) < 0) return -1;
    const char *data = keep_mode(rootfs, record, room, sizeof room);
    owned_fd mount = make_file_system(type, record->arg[1], data, attributes);
    if (mount < 0 || !is_kernels_own(type)) return attach_at(rootfs, mount, record->arg[2], flags);
    owned_fd target =
        rootfs_open(rootfs, record->arg[2], missing_policy(flags, mount), K_RESOLVE_NO_SYMLINKS);
    return target < 0 ? -1 : attach_mount(mount, target);
}

int step_mount(struct rootfs *rootfs, const struct record *record)
{
    return mount_filesystem(rootfs, record) < 0 ? failed(STAGE_MOUNT, record->arg[2]) : 0;
}

static int clone_source(const struct bind *bind)
{
    unsigned flags = K_OPEN_TREE_CLONE | (has_word(bind->flags, "rec") ? AT_RECURSIVE : 0);
    if (bind->beneath == NULL) {
        int mount = k_open_tree(AT_FDCWD, bind->source, flags);
        return mount < 0 ? failed(STAGE_BIND_SOURCE, bind->source) : mount;
    }
    owned_fd source = open(bind->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (source < 0) return failed(STAGE_BIND_SOURCE, bind->source);
    owned_fd beneath =
        k_openat2(source, bind->beneath, O_PATH, 0, K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS);
    int mount = beneath < 0 ? -1 : k_open_tree(beneath, "", flags | AT_EMPTY_PATH);
    return mount < 0 ? failed(STAGE_BIND_BENEATH, bind->beneath) : mount;
}

/* What is shared with the host passes on what the container's root mounts: in a user namespace he may hear, not speak. */
static int set_propagation(int mount, const char *flags, int users)
{
    unsigned long propagation = bind_propagation(flags);
    if (propagation == 0) return 0;
    return k_mount_propagation(mount, has_word(flags, "rec"), users >= 0 ? MS_SLAVE : propagation);
}

/* Shows a source through the maps of `users`, if its flags say so; `try-idmap`: and if its file system can. */
static int map_owners(int mount, const char *flags, int users, bool *mapped)
{
    bool tries = has_word(flags, "try-idmap");
    *mapped = false;
    if (!tries && !has_word(flags, "idmap")) return 0;
    *mapped = k_mount_idmap(mount, users) == 0;
    return *mapped || (tries && errno == EINVAL) ? 0 : -1;
}

/* Not by way of the maps, through which nothing can be given that belongs to an id outside of them. */
static int give_source(const struct bind *bind, int mount, const struct receiver *receiver, bool mapped)
{
    if (!mapped) return give_tree(mount, &receiver->outside);
    owned_fd plain = clone_source(bind);
    return plain < 0 ? -1 : give_tree(plain, &receiver->inside);
}

int clone_bind(const struct record *record, int users, const struct receiver *receiver)
{
    struct bind bind = bind_read(record);
    bool recursive = has_word(bind.flags, "rec"), mapped;
    uint64_t attributes;
    if (mount_attributes(bind.flags, &attributes, NULL, NULL) < 0) return failed(STAGE_BIND, bind.target);
    owned_fd mount = clone_source(&bind);
    if (mount < 0) return -1;
    if (map_owners(mount, bind.flags, users, &mapped) < 0) return failed(STAGE_ID_MAPPED_MOUNT, bind.source);
    if (has_word(bind.flags, "chown") && receiver != NULL && give_source(&bind, mount, receiver, mapped) < 0)
        return failed(STAGE_CHOWN, bind.source);
    if ((attributes != 0 && k_mount_setattr(mount, recursive, attributes) < 0) ||
        (has_word(bind.flags, "ro-top") && k_mount_setattr(mount, false, K_ATTR_RDONLY) < 0) ||
        set_propagation(mount, bind.flags, users) < 0)
        return failed(STAGE_BIND, bind.target);
    return steal_fd(&mount);
}

static int clone_own(const struct rootfs *rootfs, const struct record *record, const char *flags)
{
    struct receiver user;
    if (rootfs->user == NULL || !has_word(flags, "chown")) return clone_bind(record, -1, NULL);
    if (find_user_owner(rootfs, &user.outside) < 0) return -1;
    user.inside = user.outside;
    return clone_bind(record, -1, &user);
}

int step_bind(struct rootfs *rootfs, const struct record *record)
{
    struct bind bind = bind_read(record);
    /* After the pivot a source would be the image's choice. */
    if (rootfs->pivoted) return fail_with(EINVAL), failed(STAGE_BIND_SOURCE, bind.source);
    owned_fd mount = is_lent(record, rootfs->unprivileged) ? borrow(rootfs->lender)
                                                           : clone_own(rootfs, record, bind.flags);
    return attach_at(rootfs, mount, bind.target, bind.flags) < 0 ? failed(STAGE_BIND, bind.target) : 0;
}

int step_bind_of(struct rootfs *rootfs, const struct record *record)
{
    const char *source = record->arg[2];
    owned_fd mount = borrow(rootfs->lender);
    return attach_at(rootfs, mount, record->arg[3], record->arg[4]) < 0 ? failed(STAGE_BIND_OF, source) : 0;
}

int clone_tmpfs(const char *path)
{
    owned_fd source = k_openat2(AT_FDCWD, path, O_PATH, 0,
                                K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS | K_RESOLVE_NO_SYMLINKS);
    struct statfs filesystem;
    if (source < 0 || fstatfs(source, &filesystem) < 0) return -1;
    if (filesystem.f_type != TMPFS_MAGIC || !k_is_mount_root(source)) return fail_with(EINVAL);
    return k_open_tree(source, "", K_OPEN_TREE_CLONE | AT_EMPTY_PATH);
}

#define CGROUP_ATTRIBUTES (K_ATTR_NOSUID | K_ATTR_NODEV | K_ATTR_NOEXEC)

/* `cpu,cpuacct` is found under each of its names, as on every host. */
static int link_controllers(int directory, const char *name)
{
    char word[64];
    if (strchr(name, ',') == NULL) return 0;
    for (const char *words = name; (words = next_word(words, word, sizeof word)) != NULL;) {
        if (symlinkat(name, directory, word) < 0) return -1;
    }
    return 0;
}

/* Mounts one v1 hierarchy, or `unified`, below the directory of all. */
static int mount_hierarchy(int directory, const char *name, unsigned access)
{
    bool unified = strcmp(name, "unified") == 0;
    const char *shown = strncmp(name, "name=", 5) == 0 ? name + 5 : name;
    if (mkdirat(directory, shown, 0755) < 0) return -1;
    owned_fd target = k_openat2(directory, shown, O_PATH, 0, K_RESOLVE_NO_SYMLINKS);
    owned_fd mount = make_file_system(unified ? "cgroup2" : "cgroup", "cgroup", unified ? "" : name,
                                      CGROUP_ATTRIBUTES | access);
    if (target < 0 || mount < 0 || k_move_mount(mount, target) < 0) return -1;
    return link_controllers(directory, name);
}

static int mount_cgroups(const struct rootfs *rootfs, const struct record *record)
{
    unsigned access = strcmp(record->arg[2], "rw") == 0 ? 0 : K_ATTR_RDONLY;
    owned_fd target = rootfs_open(rootfs, record->arg[0], MISSING_BECOMES_DIRECTORY, K_RESOLVE_NO_SYMLINKS);
    if (target < 0) return -1;
    if (strcmp(record->arg[1], "v2") == 0) {
        owned_fd mount = make_file_system("cgroup2", "cgroup", "", CGROUP_ATTRIBUTES | access);
        return mount < 0 ? -1 : k_move_mount(mount, target);
    }
    owned_fd tmpfs = make_file_system("tmpfs", "cgroup", "mode=755", CGROUP_ATTRIBUTES);
    if (tmpfs < 0 || k_move_mount(tmpfs, target) < 0) return -1;
    const char *name = record->arg[2];
    for (unsigned i = 3; i < record->count; i++) {
        name = next_field(name);
        if (mount_hierarchy(tmpfs, name, access) < 0) return -1;
    }
    return access == 0 ? 0 : k_mount_setattr(tmpfs, false, access);
}

int step_cgroup_mount(struct rootfs *rootfs, const struct record *record)
{
    return mount_cgroups(rootfs, record) < 0 ? failed(STAGE_CGROUP_MOUNT, record->arg[0]) : 0;
}
