#include "monitor/teardown.h"

#include "base/project_quota.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/tree.h"
#include "base/util.h"
#include "monitor/endpoints.h"
#include "monitor/host_mount.h"
#include "monitor/repair.h"
#include "state/cgroup.h"
#include "state/events.h"
#include "state/monitor_cgroup.h"
#include "state/records.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Splits a path: opens the directory and returns the last name. NULL with errno. */
static const char *open_parent(const char *path, int *parent)
{
    const char *slash = strrchr(path, '/');
    char directory[4096];
    if (slash == NULL || slash[1] == '\0' || slash - path >= (long)sizeof directory) {
        errno = EINVAL;
        return NULL;
    }
    snprintf(directory, sizeof directory, "%.*s/", (int)(slash - path), path);
    *parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *parent < 0 ? NULL : slash + 1;
}

/*
 * Removes a tree. What was renamed into the trash is gone for everybody else; a crash leaves it to whoever empties the
 * trash.
 */
static int remove_tree(const char *path, const char *trash_path)
{
    owned_fd parent = -1;
    const char *name = open_parent(path, &parent);
    if (name == NULL) return errno == ENOENT ? 0 : -1;
    owned_fd trash = open(trash_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (trash < 0) return errno == ENOENT ? tree_remove(parent, name) : -1;
    if (tree_remove(trash, name) < 0) return -1;
    if (renameat(parent, name, trash, name) < 0) return errno == ENOENT ? 0 : tree_remove(parent, name);
    return tree_remove(trash, name);
}

/*
 * Names where the record of an end outlives the container's directory, until it becomes the mark: on the same file
 * system.
 */
static int name_kept_exit(const struct plan *plan, char path[4096])
{
    return snprintf(path, 4096, "%s/exit", plan->rundir) < 4096 ? 0 : fail_with(ENAMETOOLONG);
}

/*
 * Carries the record of the end to where it outlives that directory. What cannot be kept (no memory for another file) is
 * lost: the container is to go in any case.
 */
static void carry_exit(const struct plan *plan)
{
    char kept[4096];
    if (name_kept_exit(plan, kept) == 0) copy_exit(plan->exit_record, kept);
}

/* Whether the mark holds how the container ended. */
static bool end_told;

/* A start that failed has no end to tell of: then the mark is empty. */
static int mark(const struct plan *plan, const char *path)
{
    char kept[4096];
    if (name_kept_exit(plan, kept) == 0 && rename(kept, path) == 0) return end_told = true, 0;
    owned_fd fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? -1 : 0;
}

static bool is_removal(enum op op)
{
    return op == OP_RELEASE_QUOTA || op == OP_REMOVE_TREE || op == OP_TOUCH || op == OP_CALL;
}

static int perform(const struct plan *plan, const struct record *record, bool complete)
{
    switch (record->op) {
    case OP_RMDIR_CGROUP:
        return cgroup_remove(plan, record->arg[0]);
    case OP_VACATE_CGROUP:
        return monitor_cgroup_vacate(record);
    case OP_RELEASE_QUOTA:
        return quota_release(record->arg[0]);
    case OP_REMOVE_TREE:
        carry_exit(plan);
        return remove_tree(record->arg[0], record->arg[1]);
    case OP_HOST_UNMOUNT:
        return host_unmount(record->arg[0], record->arg[1]);
    case OP_UNLINK_FILE:
        return unlink(record->arg[0]) == 0 || errno == ENOENT ? 0 : -1;
    /* A mark says that everything before it is done. */
    case OP_TOUCH:
        if (!complete || mark(plan, record->arg[0]) < 0) return complete ? -1 : 0;
        event_append("destroy", NULL);
        return 0;
    case OP_CALL:
        return complete && end_told ? call_back(record, STAGE_CLEANUP) : 0;
    default:
        return fail_with(EINVAL);
    }
}

int teardown(const struct plan *plan, bool keeps_files)
{
    int result = endpoints_down(plan);
    host_mounts_release();
    if (monitor_cgroups_vacate_added(plan) < 0) result = -1;
    for (struct record record = {0}; plan_next(plan, SECTION_TEARDOWN, &record);) {
        if (keeps_files && is_removal(record.op)) continue;
        if (perform(plan, &record, result == 0) < 0) result = failed(STAGE_CLEANUP, record.arg[0]);
        trace(record_name(&record));
    }
    return result;
}

int remove_rundir(const struct plan *plan, int rundir)
{
    owned_fd parent = -1;
    const char *name = open_parent(plan->rundir, &parent);
    if (name == NULL) return -1;
    unlinkat(rundir, "ctl", 0);
    /* The plan first: one without a state beside it is taken for an orphan's, which somebody has to clean up. */
    unlinkat(rundir, "plan", 0);
    unlinkat(rundir, "state", 0);
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
    return tree_remove(parent, name);
}
