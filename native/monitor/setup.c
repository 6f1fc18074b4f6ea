#include "monitor/setup.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "base/walk.h"
#include "confine/rlimit.h"
#include "confine/seccomp.h"
#include "monitor/host_mount.h"
#include "state/device_program.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static int mkdir_step(const struct record *record)
{
    uint64_t mode;
    if (parse_unsigned(record->arg[1], 8, &mode) < 0) return -1;
    return make_one_directory(record->arg[0], (mode_t)mode);
}

/*
 * Writes what the kernel may lack (ENOENT, EACCES), or may not change any more once there are members or children
 * (EBUSY).
 */
static int write_optional(const struct record *record)
{
    if (write_text(record->arg[0], record->arg[1]) == 0) return 0;
    return errno == ENOENT || errno == EACCES || errno == EBUSY ? 0 : -1;
}

/* A file that has a value keeps it: somebody chose that. */
static int copy_value(const struct record *record)
{
    char value[4096];
    ssize_t length = read_text(AT_FDCWD, record->arg[1], value, sizeof value);
    if (length < 0) return -1;
    if (length > 0 && value[0] != '\n') return 0;
    if (read_text(AT_FDCWD, record->arg[0], value, sizeof value) < 0) return -1;
    return write_text(record->arg[1], value);
}

/* The entry's own descriptor: no link is followed, the link's label is changed. */
static int label(void *context, const struct entry *entry)
{
    const char *text = context;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", entry->fd);
    return setxattr(path, "security.selinux", text, strlen(text) + 1, 0) < 0 ? -1 : VISIT_ENTER;
}

static int relabel(const struct record *record)
{
    char text[4096];
    if (snprintf(text, sizeof text, "%s", record->arg[1]) >= (int)sizeof text) return fail_with(E2BIG);
    owned_fd top = open(record->arg[0], O_PATH | O_CLOEXEC);
    return top < 0 ? -1 : walk_tree(top, &(struct visitor){.context = text, .visit = label});
}

static int perform(const struct record *record)
{
    switch (record->op) {
    case OP_MKDIR:
        return mkdir_step(record) < 0 ? failed(STAGE_MKDIR, record->arg[0]) : 0;
    case OP_WRITE:
        return write_text(record->arg[0], record->arg[1]) < 0 ? failed(STAGE_WRITE, record->arg[0]) : 0;
    case OP_WRITE_OPTIONAL:
        return write_optional(record) < 0 ? failed(STAGE_WRITE, record->arg[0]) : 0;
    case OP_COPY_VALUE:
        return copy_value(record) < 0 ? failed(STAGE_COPY_VALUE, record->arg[1]) : 0;
    case OP_HOST_MOUNT:
        return host_mount(record) < 0 ? failed(STAGE_HOST_MOUNT, record->arg[0]) : 0;
    case OP_DEVICE_PROGRAM:
        return device_program_attach(record->arg[0], record->arg[1]) < 0
                   ? failed(STAGE_DEVICE_PROGRAM, record->arg[0])
                   : 0;
    case OP_RELABEL:
        return relabel(record) < 0 ? failed(STAGE_RELABEL, record->arg[0]) : 0;
    default:
        errno = EINVAL;
        return failed(STAGE_PLAN, record_name(record));
    }
}

int perform_setup(const struct plan *plan)
{
    for (struct record record = {0}; plan_next(plan, SECTION_SETUP, &record);) {
        if (perform(&record) < 0) return -1;
    }
    return 0;
}

int set_up(const struct plan *plan)
{
    if (perform_setup(plan) < 0) return -1;
    if ((plan->namespaces | plan->joined) & CLONE_NEWUSER) rlimits_raise(plan);
    return seccomp_load(plan);
}
