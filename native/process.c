#include "process.h"

#include "confine.h"
#include "init.h"
#include "kernel.h"
#include "report.h"
#include "trace.h"
#include "util.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* The section `process`, gathered. */
struct process {
    const char **args, **env; /* NULL-terminated; env has room for HOME */
    unsigned arg_count, env_count;
    const char *cwd, *user;
    mode_t umask;
    bool no_new_privileges;
    struct capability_sets capabilities;
    struct identity identity;
    char home[sizeof "HOME=" + 256];
};

static int set_limit(const struct record *record)
{
    int64_t resource;
    uint64_t soft, hard;
    if (parse_number(record->arg[0], 10, &resource) < 0 || parse_unsigned(record->arg[1], 10, &soft) < 0 ||
        parse_unsigned(record->arg[2], 10, &hard) < 0)
        return -1;
    return (int)syscall(SYS_prlimit64, 0, (int)resource, &(struct { uint64_t soft, hard; }){soft, hard},
                        NULL);
}

static int take(struct process *process, const struct record *record)
{
    uint64_t mask;
    const char *value = record->count > 0 ? record->arg[0] : NULL;
    switch (record->op) {
    case OP_ARG:
        process->args[process->arg_count++] = value;
        return 0;
    case OP_ENV:
        process->env[process->env_count++] = value;
        return 0;
    case OP_CWD:
        process->cwd = value;
        return 0;
    case OP_USER:
        process->user = value;
        return 0;
    case OP_NO_NEW_PRIVILEGES:
        process->no_new_privileges = true;
        return 0;
    case OP_CAPABILITIES:
        return read_capabilities(record, &process->capabilities);
    case OP_RLIMIT:
        return set_limit(record) < 0 ? failed(STAGE_RLIMIT, value) : 0;
    case OP_UMASK:
        if (parse_unsigned(value, 8, &mask) < 0 || mask > 0777) return failed(STAGE_PLAN, "umask");
        process->umask = (mode_t)mask;
        return 0;
    default:
        return 0; /* oom-score-adj was the first thing of all */
    }
}

static int gather(const struct plan *plan, struct process *process)
{
    unsigned records = 2;
    for (struct record record = {0}; plan_next(plan, SECTION_PROCESS, &record);)
        records++;
    process->args = calloc(records, sizeof *process->args);
    process->env = calloc(records, sizeof *process->env);
    if (process->args == NULL || process->env == NULL) return failed(STAGE_EXEC, "memory");
    for (struct record record = {0}; plan_next(plan, SECTION_PROCESS, &record);) {
        if (take(process, &record) < 0) return -1;
    }
    if (process->arg_count > 0) return 0;
    errno = EINVAL;
    return failed(STAGE_PLAN, "arg");
}

static const char *get_env(const struct process *process, const char *name)
{
    size_t length = strlen(name);
    for (unsigned i = 0; i < process->env_count; i++) {
        const char *entry = process->env[i];
        if (strncmp(entry, name, length) == 0 && entry[length] == '=') return entry + length + 1;
    }
    return NULL;
}

static int find_user(struct process *process, const struct rootfs *rootfs)
{
    if (process->user == NULL) {
        process->identity.group_count = 1; /* 0:0 */
        return 0;
    }
    if (find_identity(rootfs, process->user, &process->identity) < 0) return -1;
    if (get_env(process, "HOME") == NULL) {
        snprintf(process->home, sizeof process->home, "HOME=%s", process->identity.home);
        process->env[process->env_count++] = process->home;
    }
    return 0;
}

/*
 * The user may open /dev/stdout again, which asks for rights on the pipe itself. Only pipes: /dev/null is the host's.
 */
static void own_pipes(const struct identity *identity)
{
    struct stat stat;
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &stat) == 0 && S_ISFIFO(stat.st_mode) && fchown(fd, identity->uid, (gid_t)-1) < 0)
            continue;
    }
}

/* Standard input that is the host's /dev/null becomes the container's, where it has a real one. */
static void use_own_null(const struct rootfs *rootfs)
{
    struct stat stat, own;
    if (fstat(0, &stat) < 0 || !S_ISCHR(stat.st_mode)) return;
    owned_fd path = rootfs_open(rootfs, "/dev/null", MISSING_FAILS, K_RESOLVE_NO_SYMLINKS);
    if (path < 0 || fstat(path, &own) < 0 || !S_ISCHR(own.st_mode) || own.st_rdev != makedev(1, 3)) return;
    owned_fd null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0) dup2(null, 0);
}

/* The directory is opened below the root; a descriptor of the host's tree can never become the cwd (CVE-2024-21626). */
static int enter_directory(const struct process *process, const struct rootfs *rootfs)
{
    char real[PATH_MAX];
    if (process->cwd == NULL) return 0;
    if (rootfs->root < 0) return chdir(process->cwd) < 0 ? failed(STAGE_CWD, process->cwd) : 0;
    owned_fd directory = rootfs_open(rootfs, process->cwd, MISSING_BECOMES_DIRECTORY, 0);
    if (directory < 0 || fchdir(directory) < 0) return failed(STAGE_CWD, process->cwd);
    if (syscall(SYS_getcwd, real, sizeof real) > 0 && real[0] == '/') return 0;
    errno = EXDEV;
    return failed(STAGE_CWD, process->cwd);
}

static int execute_failed(const char *path, const char *name)
{
    if (errno == ENOENT && faccessat(AT_FDCWD, path, F_OK, 0) == 0) {
        errno = ENOENT;
        return failed(STAGE_EXEC_INTERPRETER, path);
    }
    return failed(STAGE_EXEC, name);
}

/* As execvp(3): a name without slash is tried in each directory; one that may not be executed is remembered. */
static int execute(const struct process *process)
{
    const char *name = process->args[0];
    char **args = (char **)process->args, **env = (char **)process->env;
    char path[PATH_MAX];
    if (*name == '\0') return fail_with(ENOENT), failed(STAGE_EXEC, name);
    if (strchr(name, '/') != NULL) {
        execve(name, args, env);
        return execute_failed(name, name);
    }
    int error = ENOENT;
    const char *directories = get_env(process, "PATH");
    for (const char *at = directories; at != NULL; at = *at == ':' ? at + 1 : NULL) {
        int length = (int)strcspn(at, ":");
        bool fits = snprintf(path, sizeof path, "%.*s/%s", length, at, name) < (int)sizeof path;
        at += length;
        /* A relative directory would make the command depend on the working directory. */
        if (!fits || path[0] != '/' || length == 0) continue;
        execve(path, args, env);
        if (errno == EACCES)
            error = EACCES;
        else if (errno != ENOTDIR && (errno != ENOENT || faccessat(AT_FDCWD, path, F_OK, 0) == 0))
            return execute_failed(path, name);
    }
    errno = error;
    return failed(STAGE_EXEC, name);
}

int process_execute(const struct plan *plan, const struct rootfs *rootfs)
{
    static struct process process = {.umask = 022};
    if (gather(plan, &process) < 0 || find_user(&process, rootfs) < 0) return -1;
    own_pipes(&process.identity);
    if (rootfs->pivoted) use_own_null(rootfs);
    if (enter_directory(&process, rootfs) < 0) return -1;
    umask(process.umask);
    if (confine(&process.identity, &process.capabilities) < 0) return -1;
    die_with_monitor();
    if (process.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return failed(STAGE_NO_NEW_PRIVILEGES, "prctl");
    trace("execve");
    return execute(&process);
}
