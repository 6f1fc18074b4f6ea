#include "confine/idmap.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"

#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* The kernel takes one write, of less than a page. */
#define MAP_MAX 4096

static int write_map(const struct plan *plan, unsigned op, pid_t pid, const char *file)
{
    char path[64], map[MAP_MAX];
    size_t length = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op != op) continue;
        int n = snprintf(map + length, sizeof map - length, "%s %s %s\n", record.arg[0], record.arg[1],
                         record.arg[2]);
        length += (size_t)n;
        if (length >= sizeof map) return fail_with(E2BIG), failed(STAGE_ID_MAP, file);
    }
    if (length == 0) return fail_with(EINVAL), failed(STAGE_ID_MAP, file);
    return write_text(path, map) < 0 ? failed(STAGE_ID_MAP, file) : 0;
}

int write_id_maps(const struct plan *plan, pid_t pid)
{
    return write_map(plan, OP_UID_MAP, pid, "uid_map") < 0 || write_map(plan, OP_GID_MAP, pid, "gid_map") < 0
               ? -1
               : 0;
}

/* Finds what an id of a user namespace is outside of it. */
static int find_outside(pid_t pid, const char *file, uint32_t id, uint32_t *outside)
{
    char path[64], map[MAP_MAX * 4];
    unsigned inside, first, count;
    int length;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    if (read_text(AT_FDCWD, path, map, sizeof map) < 0) return failed(STAGE_ID_MAP, file);
    for (const char *at = map; sscanf(at, "%u %u %u%n", &inside, &first, &count, &length) == 3;
         at += length) {
        if (id < inside || id - inside >= count) continue;
        *outside = first + (id - inside);
        return 0;
    }
    errno = EINVAL;
    return failed(STAGE_ID_MAP, file);
}

int find_owner(pid_t pid, struct owner inside, struct owner *owner)
{
    return find_outside(pid, "uid_map", inside.uid, &owner->uid) < 0
               ? -1
               : find_outside(pid, "gid_map", inside.gid, &owner->gid);
}

/* It says that it is there by a byte. */
static void wait_in_users(int ready)
{
    if (unshare(CLONE_NEWUSER) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) write_all(ready, "", 1);
    close(ready);
    pause();
    _exit(0);
}

pid_t fork_into_users(void)
{
    int ends[2];
    char byte;
    if (pipe2(ends, O_CLOEXEC) < 0) return failed(STAGE_ID_MAP, "user");
    pid_t child = fork();
    if (child == 0) wait_in_users(ends[1]);
    owned_fd ready = ends[0];
    close(ends[1]);
    if (child > 0 && read(ready, &byte, 1) == 1) return child;
    end_in_users(child);
    errno = EPERM;
    return failed(STAGE_ID_MAP, "user");
}

void end_in_users(pid_t child)
{
    if (child <= 0) return;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

int make_users(const struct plan *plan, struct owner *owner)
{
    char path[64];
    pid_t child = fork_into_users();
    if (child < 0) return -1;
    snprintf(path, sizeof path, "/proc/%d/ns/user", child);
    owned_fd users = open(path, O_RDONLY | O_CLOEXEC);
    if (users < 0) failed(STAGE_ID_MAP, "user");
    bool made =
        users >= 0 && write_id_maps(plan, child) == 0 && find_owner(child, (struct owner){0, 0}, owner) == 0;
    end_in_users(child);
    return made ? steal_fd(&users) : -1;
}

int show_mapped(int *directory, int users, const char *path)
{
    owned_fd clone = k_open_tree(*directory, "", K_OPEN_TREE_CLONE | AT_EMPTY_PATH);
    if (clone < 0 || k_mount_idmap(clone, users) < 0 || k_move_mount(clone, *directory) < 0)
        return failed(STAGE_ID_MAPPED_MOUNT, path);
    close(*directory);
    *directory = steal_fd(&clone);
    return 0;
}

/* The kernel takes the rights over files away with the file system's uid 0; they are still permitted. */
static int regain_rights(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    for (int i = 0; i < 2; i++)
        data[i].effective = data[i].permitted;
    return (int)syscall(SYS_capset, &header, data);
}

int act_as(const struct owner *owner)
{
    setfsgid(owner->gid);
    setfsuid(owner->uid);
    return regain_rights();
}

int become_root(bool keeps_groups)
{
    if ((!keeps_groups && syscall(SYS_setgroups, 0, NULL) < 0) || syscall(SYS_setresgid, 0, 0, 0) < 0)
        return failed(STAGE_ID_MAP, "gid_map");
    return syscall(SYS_setresuid, 0, 0, 0) < 0 ? failed(STAGE_ID_MAP, "uid_map") : 0;
}
