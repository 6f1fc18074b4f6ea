#include "state/cgroup.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* How long killed processes may take to go; what is stuck in the kernel for longer stays for a later clean-up. */
#define REMOVE_PATIENCE_MS 10000

/* No container makes cgroups of this depth for a good reason. */
#define DEPTH_MAX 64

static struct {
    const char *directory; /* NULL: none */
    const char *by;
} replaced;

void cgroups_replace(const char *directory, const char *by)
{
    replaced.directory = directory;
    replaced.by = by;
}

bool cgroups_next(const struct plan *plan, struct record *record)
{
    while (plan_next(plan, SECTION_GENERAL, record)) {
        if (record->op != OP_CGROUP) continue;
        if (replaced.directory != NULL && strcmp(record->arg[1], replaced.directory) == 0)
            record->arg[1] = replaced.by;
        return true;
    }
    return false;
}

int cgroups_make(const struct plan *plan)
{
    for (struct record record = {0}; cgroups_next(plan, &record);) {
        if (make_directories(record.arg[1], 0755) < 0) return failed(STAGE_CGROUP, record.arg[1]);
    }
    return 0;
}

/* Whether the cgroup is of the controller pids. */
static bool counts_processes(const char *cgroup)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/pids.max", cgroup);
    return access(path, F_OK) == 0;
}

/*
 * "0" written to `tasks` moves the calling thread, which is all of this process. Unlike a write to cgroup.procs, or of
 * any other pid, it takes no write lock on cgroup_threadgroup_rwsem, so nobody waits for an RCU grace period (several
 * ms for each hierarchy; Linux 5.6 and later).
 */
int cgroups_join_v1(const struct plan *plan, int *tasks)
{
    for (struct record record = {0}; cgroups_next(plan, &record);) {
        if (strcmp(record.arg[0], "v1") != 0) continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/tasks", record.arg[1]);
        bool later = tasks != NULL && counts_processes(record.arg[1]);
        int result = later ? *tasks = open(path, O_WRONLY | O_CLOEXEC) : write_text(path, "0");
        if (result < 0) return failed(STAGE_CGROUP, record.arg[1]);
    }
    return 0;
}

int cgroup_open_member(const char *cgroup, pid_t pid)
{
    char path[64], text[8192], member[8192];
    const char *name = strrchr(cgroup, '/');
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    if (name == NULL || read_text(AT_FDCWD, path, text, sizeof text) < 0) return -1;
    char *at = strstr(text, "0::");
    if (at == NULL || (at = strstr(at, name)) == NULL) return fail_with(ENOENT);
    at += strlen(name);
    at[strcspn(at, "\n")] = '\0';
    if (snprintf(member, sizeof member, "%s%s", cgroup, at) >= (int)sizeof member)
        return fail_with(ENAMETOOLONG);
    return open(member, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int place(const char *version, const char *cgroup, const char *pid, pid_t member)
{
    char path[4096];
    bool v1 = strcmp(version, "v1") == 0;
    if (v1 && !counts_processes(cgroup)) return 0;
    snprintf(path, sizeof path, "%s/%s", cgroup, v1 ? "tasks" : "cgroup.procs");
    if (write_text(path, pid) == 0) return 0;
    if (v1 || errno != EBUSY) return -1;
    owned_fd below = cgroup_open_member(cgroup, member);
    owned_fd file = below < 0 ? -1 : openat(below, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return file < 0 || write(file, pid, strlen(pid)) < 0 ? fail_with(EBUSY) : 0;
}

int cgroups_place(const struct plan *plan, pid_t pid, pid_t member)
{
    char text[16];
    snprintf(text, sizeof text, "%d", pid);
    for (struct record record = {0}; cgroups_next(plan, &record);) {
        if (place(record.arg[0], record.arg[1], text, member) < 0) return failed(STAGE_CGROUP, record.arg[1]);
    }
    return 0;
}

static int open_directory(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static bool write_file(int dir, const char *name, const char *value)
{
    owned_fd file = openat(dir, name, O_WRONLY | O_CLOEXEC);
    return file >= 0 && write(file, value, strlen(value)) > 0;
}

/* Calls `act` for every cgroup directly below; what is no directory, or a link, is none. */
static void for_children(int dir, int depth, void (*act)(int dir, const char *name, int depth))
{
    int copy = fcntl(dir, F_DUPFD_CLOEXEC, 3);
    DIR *list = copy < 0 || depth == DEPTH_MAX ? NULL : fdopendir(copy);
    if (list == NULL) {
        close_fd(&copy);
        return;
    }
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') act(dir, entry->d_name, depth + 1);
    }
    closedir(list);
}

static void thaw(int parent, const char *name, int depth)
{
    owned_fd dir = open_directory(parent, name);
    if (dir < 0) return;
    if (!write_file(dir, "freezer.state", "THAWED") && !write_file(dir, "cgroup.freeze", "0")) return;
    for_children(dir, depth, thaw);
}

void cgroups_thaw(const struct plan *plan)
{
    for (struct record record = {0}; cgroups_next(plan, &record);)
        thaw(AT_FDCWD, record.arg[1], 0);
}

bool cgroups_unpause(const struct plan *plan)
{
    bool was_frozen = cgroups_frozen(plan);
    for (struct record record = {0}; was_frozen && cgroups_next(plan, &record);) {
        owned_fd dir = open_directory(AT_FDCWD, record.arg[1]);
        if (dir >= 0 && !write_file(dir, "freezer.state", "THAWED")) write_file(dir, "cgroup.freeze", "0");
    }
    return was_frozen;
}

bool cgroups_frozen(const struct plan *plan)
{
    bool frozen = false;
    for (struct record record = {0}; !frozen && cgroups_next(plan, &record);) {
        char state[16];
        owned_fd dir = open_directory(AT_FDCWD, record.arg[1]);
        if (dir < 0) continue;
        /* FREEZING or FROZEN, or 1. */
        if (read_text(dir, "freezer.state", state, sizeof state) >= 0)
            frozen = state[0] == 'F';
        else if (read_text(dir, "cgroup.freeze", state, sizeof state) >= 0)
            frozen = state[0] == '1';
    }
    return frozen;
}

int cgroup_members(int dir, pid_t pids[CGROUP_ROUND])
{
    char text[CGROUP_ROUND * 12], *end;
    int count = 0;
    if (read_text(dir, "cgroup.procs", text, sizeof text) < 0) return 0;
    for (char *at = text; count < CGROUP_ROUND; at = end) {
        long pid = strtol(at, &end, 10);
        if (end == at || *end != '\n') break; /* one that was cut off is for the next round, too */
        if (pid > 0) pids[count++] = (pid_t)pid;
    }
    return count;
}

static bool is_among(const pid_t pids[CGROUP_ROUND], int count, pid_t pid)
{
    while (count > 0 && pids[count - 1] != pid)
        count--;
    return count > 0;
}

/*
 * Sends SIGKILL to everything in a cgroup: by cgroup.kill where there is one (v2, since 5.14), else one by one. A pid
 * may be another process's by the time it is killed: those that are listed again after a descriptor of each was opened
 * are still the ones that were meant.
 */
static void kill_members(int dir)
{
    pid_t before[CGROUP_ROUND], after[CGROUP_ROUND];
    int fds[CGROUP_ROUND];
    if (write_file(dir, "cgroup.kill", "1")) return;
    int count = cgroup_members(dir, before);
    for (int i = 0; i < count; i++)
        fds[i] = k_pidfd_open(before[i]);
    int still = count > 0 ? cgroup_members(dir, after) : 0;
    for (int i = 0; i < count; i++) {
        if (fds[i] < 0) continue;
        if (is_among(after, still, before[i])) k_pidfd_send_signal(fds[i], SIGKILL);
        close(fds[i]);
    }
}

/* Tries once to remove a cgroup. -1 with EBUSY: processes are still leaving. */
static int remove_once(int parent, const char *name, int depth);

static void remove_child(int parent, const char *name, int depth)
{
    remove_once(parent, name, depth);
}

static int remove_once(int parent, const char *name, int depth)
{
    owned_fd dir = open_directory(parent, name);
    if (dir < 0) return errno == ENOENT ? 0 : -1;
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0) return 0;
    if (depth == DEPTH_MAX) return fail_with(ELOOP);
    kill_members(dir);
    for_children(dir, depth, remove_child);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

/* Tries once to empty a cgroup. False: processes are still leaving. */
static bool empty_once(const char *path)
{
    char text[32];
    owned_fd dir = open_directory(AT_FDCWD, path);
    if (dir < 0) return errno == ENOENT;
    kill_members(dir);
    for_children(dir, 0, remove_child);
    return read_text(dir, "cgroup.procs", text, sizeof text) <= 0;
}

/* Kills all in the cgroups. One that was killed while it was frozen has left a cgroup that is frozen still. */
int cgroups_empty(const struct plan *plan)
{
    int64_t until = monotonic_ms() + REMOVE_PATIENCE_MS;
    cgroups_thaw(plan);
    for (struct record record = {0}; cgroups_next(plan, &record);) {
        while (!empty_once(record.arg[1])) {
            if (monotonic_ms() >= until) return errno = EBUSY, failed(STAGE_CGROUP, record.arg[1]);
            cgroups_thaw(plan);
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
    }
    return 0;
}

int cgroup_remove(const struct plan *plan, const char *path)
{
    /* What has too long a name could not be made either. */
    if (rmdir(path) == 0 || errno == ENOENT || errno == ENAMETOOLONG) return 0;
    int64_t until = monotonic_ms() + REMOVE_PATIENCE_MS;
    while (remove_once(AT_FDCWD, path, 0) < 0) {
        if (errno != EBUSY && errno != ENOTEMPTY) return -1;
        if (monotonic_ms() >= until) return fail_with(EBUSY);
        /* After they were sent SIGKILL: then it is all that they see of their freedom. */
        cgroups_thaw(plan);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return 0;
}

int cgroup_end(const char *path)
{
    int64_t until = monotonic_ms() + REMOVE_PATIENCE_MS;
    while (remove_once(AT_FDCWD, path, 0) < 0) {
        if (errno != EBUSY && errno != ENOTEMPTY) return -1;
        if (monotonic_ms() >= until) return fail_with(EBUSY);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return 0;
}

void cgroup_sweep(const char *path, const char *prefix)
{
    owned_fd dir = open_directory(AT_FDCWD, path);
    int copy = dir < 0 ? -1 : fcntl(dir, F_DUPFD_CLOEXEC, 3);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (list == NULL) {
        close_fd(&copy);
        return;
    }
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) unlinkat(dir, entry->d_name, AT_REMOVEDIR);
    }
    closedir(list);
}
