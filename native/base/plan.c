#include "base/plan.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define ANY UINT_MAX

static const struct record_kind ops[] = {
#define OP(constant, name, section, least, most) {name, SECTION_##section, least, most},
#include "ops.def"
#undef OP
};

static const struct {
    const char *name;
    uint64_t flag;
} namespaces[] = {
    {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID},       {"uts", CLONE_NEWUTS},   {"ipc", CLONE_NEWIPC},
    {"net", CLONE_NEWNET},  {"cgroup", CLONE_NEWCGROUP}, {"user", CLONE_NEWUSER}, {"time", CLONE_NEWTIME},
};

static const struct record_format format = {ops, OP_COUNT, STAGE_PLAN};

static int invalid(const char *detail)
{
    return record_invalid(&format, detail);
}

const char *record_name(const struct record *record)
{
    return ops[record->op].name;
}

static bool is_marker(unsigned op)
{
    return op == OP_SETUP || op == OP_INIT || op == OP_PROCESS || op == OP_TEARDOWN;
}

uint64_t namespace_flag(const char *name)
{
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
        if (strcmp(namespaces[i].name, name) == 0) return namespaces[i].flag;
    }
    return 0;
}

/* Adds the namespace that is named to `set`; one that is joined is not also made. */
static int take_namespace(const struct plan *plan, uint64_t *set, const char *name)
{
    uint64_t flag = namespace_flag(name);
    if (flag == 0 || (flag & (plan->namespaces | plan->joined))) return invalid(name);
    *set |= flag;
    return 0;
}

static int take_cgroup(struct plan *plan, const struct record *record)
{
    if (strcmp(record->arg[0], "v1") == 0) return 0;
    if (strcmp(record->arg[0], "v2") != 0 || plan->cgroup_v2 != NULL) return invalid("cgroup");
    plan->cgroup_v2 = record->arg[1];
    return 0;
}

static int take_stop(struct plan *plan, const struct record *record)
{
    int64_t number;
    if (parse_number(record->arg[0], 10, &number) < 0 || number < 1 || number > 64 ||
        parse_number(record->arg[1], 10, &plan->stop_timeout_ms) < 0)
        return invalid("stop");
    plan->stop_signal = (int)number;
    return 0;
}

static int take_log(struct plan *plan, const struct record *record)
{
    plan->log_driver = record->arg[0];
    plan->log_path = record->arg[1];
    plan->log_compress = strcmp(record->arg[4], "compress") == 0;
    if (parse_number(record->arg[2], 10, &plan->log_max_bytes) < 0 ||
        parse_number(record->arg[3], 10, &plan->log_max_files) < 0)
        return invalid("log");
    return 0;
}

static int take_general(struct plan *plan, const struct record *record)
{
    switch (record->op) {
    case OP_HEADER:
        return strcmp(record->arg[0], "1") == 0 ? 0 : invalid("skiff-plan");
    case OP_ID:
        plan->id = record->arg[0];
        return 0;
    case OP_RUNDIR:
        plan->rundir = record->arg[0];
        return 0;
    case OP_EXIT_RECORD:
        plan->exit_record = record->arg[0];
        return 0;
    case OP_LOG:
        return take_log(plan, record);
    case OP_STDIN:
        plan->stdin_open = strcmp(record->arg[0], "open") == 0;
        if (record->count > 1) plan->stdin_once = strcmp(record->arg[1], "once") == 0 ? 1 : -1;
        return 0;
    case OP_STOP:
        return take_stop(plan, record);
    case OP_FAILURE:
        plan->failure = *record;
        return 0;
    case OP_NAMESPACE:
        return take_namespace(plan, &plan->namespaces, record->arg[0]);
    case OP_JOIN:
        if (namespace_flag(record->arg[0]) & (CLONE_NEWNS | CLONE_NEWTIME)) return invalid(record->arg[0]);
        return take_namespace(plan, &plan->joined, record->arg[0]);
    case OP_TARGET:
        plan->target = *record;
        return 0;
    case OP_SECCOMP:
        plan->seccomp = record->arg[0];
        plan->seccomp_flags = record->arg[1];
        return 0;
    case OP_TERMINAL:
        plan->terminal = true;
        return 0;
    case OP_NETWORKS:
        plan->networks = record->arg[0];
        return 0;
    case OP_LAST_OUT:
        plan->last_out = record->arg[0];
        return 0;
    case OP_CGROUP:
        return take_cgroup(plan, record);
    default:
        return 0; /* read where it is performed */
    }
}

/* Steps that would otherwise change the host's own tree. */
static bool needs_mount_namespace(unsigned op)
{
    return ops[op].section == SECTION_INIT && op != OP_INIT && op != OP_HOSTNAME && op != OP_DOMAINNAME &&
           op != OP_SYSCTL && op != OP_LOOPBACK && op != OP_AWAIT_NETWORK;
}

/* Steps that would otherwise change the host's name or network: they need that namespace. */
static bool allowed(const struct plan *plan, unsigned op)
{
    if (op == OP_HOSTNAME || op == OP_DOMAINNAME) return plan->namespaces & CLONE_NEWUTS;
    if (op == OP_LOOPBACK || op == OP_AWAIT_NETWORK) return plan->namespaces & CLONE_NEWNET;
    return !needs_mount_namespace(op) || (plan->namespaces & CLONE_NEWNS);
}

static int index_records(struct plan *plan)
{
    enum section section = SECTION_GENERAL;
    const struct fields *file = &plan->file;
    struct record record = {.end = file->data};
    plan->start[SECTION_GENERAL] = file->data;
    while (record.end != file->end) {
        const char *at = record.end;
        if (record_read(file, &format, at, &record) < 0) return -1;
        if (at == file->data && record.op != OP_HEADER) return invalid("skiff-plan");
        if (is_marker(record.op)) {
            if (ops[record.op].section != section + 1) return invalid(at);
            plan->start[++section] = at;
        }
        if (ops[record.op].section != section || !allowed(plan, record.op)) return invalid(at);
        if (section == SECTION_GENERAL && take_general(plan, &record) < 0) return -1;
    }
    if (section != SECTION_TEARDOWN) return invalid("teardown");
    plan->start[SECTION_COUNT] = file->end;
    if (plan->id == NULL) return invalid("id");
    if (plan->rundir == NULL || plan->rundir[0] != '/') return invalid("rundir");
    if (plan->exit_record == NULL || plan->exit_record[0] != '/') return invalid("exit-record");
    /* Links and addresses of endpoints would become the host's. */
    if (plan->networks != NULL && !(plan->namespaces & CLONE_NEWNET)) return invalid("networks");
    return 0;
}

int plan_open(struct plan *plan, const char *path)
{
    *plan = (struct plan){.stop_signal = 15, .stop_timeout_ms = 10000};
    return fields_open(&plan->file, &format, path) < 0 ? -1 : index_records(plan);
}

int plan_replace(struct plan *plan, int input)
{
    struct plan whole = {.file = plan->file, .in_memory = true, .stop_signal = 15, .stop_timeout_ms = 10000};
    if (fields_replace(&whole.file, &format, input) < 0) return -1;
    *plan = whole;
    return index_records(plan);
}

bool plan_next(const struct plan *plan, enum section section, struct record *record)
{
    const char *at = record->end != NULL ? record->end : plan->start[section];
    while (at != plan->start[section + 1]) {
        if (record_read(&plan->file, &format, at, record) < 0) return false;
        if (!is_marker(record->op)) return true;
        at = record->end;
    }
    return false;
}

struct record plan_find(const struct plan *plan, enum op op)
{
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op == op) return record;
    }
    return (struct record){.count = 0};
}

void plan_forget_pages(const struct plan *plan)
{
    if (plan->in_memory) return;
    madvise((void *)plan->file.data, (size_t)(plan->file.end - plan->file.data), MADV_DONTNEED);
}

void plan_unmap(const struct plan *plan)
{
    munmap((void *)plan->file.data, (size_t)(plan->file.end - plan->file.data));
}

int plan_lock(struct plan *plan, bool wait)
{
    /* An open file description of our own: flock belongs to it, and that of the plan is shared with the client. */
    char path[32];
    struct stat stat;
    snprintf(path, sizeof path, "/proc/self/fd/%d", plan->file.fd);
    owned_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0 || fstat(fd, &stat) < 0) return -1;
    if (stat.st_nlink == 0) return fail_with(ENOENT);
    close(plan->file.fd);
    plan->file.fd = steal_fd(&fd);
    return 0;
}
