#include "init/process.h"

#include "base/child.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "confine/confine.h"
#include "confine/lsm.h"
#include "confine/rlimit.h"
#include "confine/seccomp.h"
#include "init/command.h"
#include "init/reaper.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* The section `process`, gathered. The arrays end with NULL; env has room for HOME. */
static struct process {
    enum process_role role;
    const char **args, **env, **groups;
    unsigned arg_count, env_count, group_count;
    const char *cwd, *user;
    mode_t umask;
    bool no_new_privileges, has_rlimits, has_reaper, keeps_groups;
    struct capability_sets capabilities;
    struct identity identity;
    struct command command;
    char home[sizeof "HOME=" + 256];
} process = {.umask = 022};

/*
 * Appends to an array, copied for a process that is not the first: who is to execute the command may look at this
 * process's memory, but not at the plan (enter.c).
 */
static int append(const char *array[], unsigned *count, const char *value)
{
    array[*count] = process.role == FIRST_PROCESS ? value : strdup(value);
    return array[(*count)++] != NULL ? 0 : failed(STAGE_EXEC, "memory");
}

static int take(const struct record *record)
{
    uint64_t mask;
    const char *value = record->count > 0 ? record->arg[0] : NULL;
    switch (record->op) {
    case OP_ARG:
        return process.role == HEALTH_PROCESS ? 0 : append(process.args, &process.arg_count, value);
    case OP_HEALTH_ARG:
        return process.role != HEALTH_PROCESS ? 0 : append(process.args, &process.arg_count, value);
    case OP_ENV:
        return append(process.env, &process.env_count, value);
    case OP_GROUP:
        process.groups[process.group_count++] = value;
        return 0;
    case OP_CWD:
        process.cwd = value;
        return 0;
    case OP_USER:
        process.user = value;
        return 0;
    case OP_NO_NEW_PRIVILEGES:
        process.no_new_privileges = true;
        return 0;
    case OP_REAPER:
        process.has_reaper = process.role == FIRST_PROCESS;
        return 0;
    case OP_KEEP_GROUPS:
        process.keeps_groups = true;
        return 0;
    case OP_RLIMIT:
        process.has_rlimits = true;
        return 0;
    case OP_CAPABILITIES:
        return read_capabilities(record, &process.capabilities);
    case OP_UMASK:
        if (parse_unsigned(value, 8, &mask) < 0 || mask > 0777) return failed(STAGE_PLAN, "umask");
        process.umask = (mode_t)mask;
        return 0;
    default:
        return 0; /* oom-score-adj was the first thing of all */
    }
}

static int gather(const struct plan *plan)
{
    unsigned records = 2;
    for (struct record record = {0}; plan_next(plan, SECTION_PROCESS, &record);)
        records++;
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);)
        records += record.op == OP_HEALTH_ARG;
    process.args = calloc(records, sizeof *process.args);
    process.env = calloc(records, sizeof *process.env);
    process.groups = calloc(records, sizeof *process.groups);
    if (process.args == NULL || process.env == NULL || process.groups == NULL)
        return failed(STAGE_EXEC, "memory");
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op == OP_HEALTH_ARG && take(&record) < 0) return -1;
    }
    for (struct record record = {0}; plan_next(plan, SECTION_PROCESS, &record);) {
        if (take(&record) < 0) return -1;
    }
    if (process.arg_count > 0) return 0;
    errno = EINVAL;
    return failed(STAGE_PLAN, "arg");
}

int process_prepare(const struct plan *plan, enum process_role role)
{
    process.role = role;
    if (gather(plan) < 0) return -1;
    return process.has_reaper ? reaper_prepare() : 0;
}

bool process_keeps_groups(void)
{
    return process.keeps_groups;
}

static const char *get_env(const char *name)
{
    size_t length = strlen(name);
    for (unsigned i = 0; i < process.env_count; i++) {
        const char *entry = process.env[i];
        if (strncmp(entry, name, length) == 0 && entry[length] == '=') return entry + length + 1;
    }
    return NULL;
}

static int find_user(const struct rootfs *rootfs)
{
    if (process.user == NULL) {
        process.identity.group_count = 1; /* 0:0 */
        process.identity.keeps_groups = process.keeps_groups;
        return 0;
    }
    if (find_identity(rootfs, process.user, &process.identity) < 0) return -1;
    process.identity.keeps_groups = process.keeps_groups;
    if (get_env("HOME") == NULL) {
        snprintf(process.home, sizeof process.home, "HOME=%s", process.identity.home);
        process.env[process.env_count++] = process.home;
    }
    return 0;
}

static int find_groups(const struct rootfs *rootfs)
{
    for (unsigned i = 0; i < process.group_count; i++) {
        if (add_group(rootfs, process.groups[i], &process.identity) < 0) return -1;
    }
    return 0;
}

/*
 * The user may open /dev/stdout again, which asks for rights on the pipe, or the terminal, itself. Nothing else:
 * /dev/null is the host's.
 */
static void own_streams(void)
{
    struct stat stat;
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &stat) == 0 && (S_ISFIFO(stat.st_mode) || isatty(fd)) &&
            fchown(fd, process.identity.uid, (gid_t)-1) < 0)
            continue;
    }
}

static bool is_null(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 && S_ISCHR(stat.st_mode) && stat.st_rdev == makedev(1, 3);
}

/* What is there is looked at before it is opened, which may do something; and again, as it may be replaced meanwhile. */
static int open_own_null(const struct rootfs *rootfs)
{
    owned_fd path = rootfs_open(rootfs, "/dev/null", MISSING_FAILS, K_RESOLVE_NO_SYMLINKS);
    if (path < 0 || !is_null(path)) return -1;
    owned_fd null = k_openat2(rootfs->root, "/dev/null", O_RDWR | O_NONBLOCK | O_NOCTTY, 0,
                              K_RESOLVE_IN_ROOT | K_RESOLVE_NO_SYMLINKS);
    return null >= 0 && is_null(null) ? steal_fd(&null) : -1;
}

/* In a file system that is nobody else's, and ends when it is closed. */
static int make_null(void)
{
    owned_fd fs = k_fsopen("tmpfs");
    if (fs < 0 || k_fsconfig(fs, K_FSCONFIG_CMD_CREATE, NULL, NULL) < 0) return -1;
    owned_fd mount = k_fsmount(fs, K_ATTR_NOSUID | K_ATTR_NOEXEC);
    if (mount < 0 || mknodat(mount, "null", S_IFCHR | 0666, makedev(1, 3)) < 0) return -1;
    return openat(mount, "null", O_RDWR | O_CLOEXEC);
}

/*
 * Standard streams that are the host's /dev/null become the container's, or one that is made for it where it has taken
 * its own away: root of the container could change mode and owner of the host's for everybody. In a user namespace none
 * can be made (EPERM): a container may have made that itself, in which root is the host's.
 */
static int use_own_null(const struct rootfs *rootfs)
{
    if (!is_null(0) && !is_null(1) && !is_null(2)) return 0;
    owned_fd null = open_own_null(rootfs);
    if (null < 0 && (null = make_null()) < 0) return failed(STAGE_NODE, "/dev/null");
    for (int fd = 0; fd < 3; fd++) {
        if (is_null(fd)) dup2(null, fd);
    }
    return 0;
}

/* The directory is opened below the root; a descriptor of the host's tree can never become the cwd (CVE-2024-21626). */
static int enter_directory(const struct rootfs *rootfs)
{
    char real[PATH_MAX];
    if (process.cwd == NULL) return 0;
    if (rootfs->root < 0) return chdir(process.cwd) < 0 ? failed(STAGE_CWD, process.cwd) : 0;
    enum missing missing = process.role == FIRST_PROCESS ? MISSING_BECOMES_DIRECTORY : MISSING_FAILS;
    owned_fd directory = rootfs_open(rootfs, process.cwd, missing, 0);
    if (directory < 0 || fchdir(directory) < 0) return failed(STAGE_CWD, process.cwd);
    if (syscall(SYS_getcwd, real, sizeof real) > 0 && real[0] == '/') return 0;
    errno = EXDEV;
    return failed(STAGE_CWD, process.cwd);
}

/*
 * Takes on the identity of the user, so that the kernel decides as it will for the command. The filter comes last: of
 * what it may forbid only capset (without no-new-privileges), execve, and for a failure write and exit_group are still
 * to be called; with a reaper also what reaper.c does.
 */
static int take_on_identity(const struct plan *plan)
{
    bool for_filter = plan->seccomp != NULL && !process.no_new_privileges;
    if (lsm_apply() < 0 || confine(&process.identity, &process.capabilities, for_filter) < 0) return -1;
    if (process.role == FIRST_PROCESS) die_with_monitor();
    if (process.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return failed(STAGE_NO_NEW_PRIVILEGES, "prctl");
    if (command_find(&process.command, get_env("PATH")) < 0) return -1;
    trace("identity taken");
    if (seccomp_install(plan) < 0) return -1;
    return confine_last(&process.capabilities);
}

int process_confine(const struct plan *plan, const struct rootfs *rootfs)
{
    process.command = (struct command){.args = (char **)process.args, .env = (char **)process.env};
    if (find_user(rootfs) < 0 || find_groups(rootfs) < 0) return -1;
    own_streams();
    if (rootfs->pivoted && use_own_null(rootfs) < 0) return -1;
    if (enter_directory(rootfs) < 0) return -1;
    umask(process.umask);
    if (process.has_rlimits && rlimits_set(plan, process.role != FIRST_PROCESS) < 0) return -1;
    return take_on_identity(plan);
}

int process_execute(void)
{
    if (rlimits_set_processes() < 0) return -1;
    trace("execve");
    if (process.has_reaper && reaper_fork() < 0) return -1;
    return command_execute(&process.command);
}
