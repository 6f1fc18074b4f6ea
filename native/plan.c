#include "plan.h"

#include "kernel.h"
#include "report.h"
#include "util.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A plan of this size has something wrong: the longest argv and environment of Linux are a few MiB. */
#define PLAN_MAX (16 << 20)

#define ANY UINT_MAX

static const struct {
    const char *name;
    enum section section;
    unsigned least, most;
} ops[] = {
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

static int invalid(const char *detail)
{
    errno = EINVAL;
    return failed(STAGE_PLAN, detail);
}

const char *record_name(const struct record *record)
{
    return ops[record->op].name;
}

const char *next_field(const char *field)
{
    return field + strlen(field) + 1;
}

static bool is_marker(enum op op)
{
    return op == OP_SETUP || op == OP_INIT || op == OP_PROCESS || op == OP_TEARDOWN;
}

/* Reads the record at `at`; -1 when the file ends within it or it is unknown. */
static int read_record(const struct plan *plan, const char *at, struct record *record)
{
    const char *end = plan->data + plan->size;
    uint64_t count;
    const char *name = at;
    at = next_field(at);
    if (at == end || parse_unsigned(at, 10, &count) < 0) return invalid(name);
    for (record->op = 0; record->op < OP_COUNT; record->op++) {
        if (strcmp(ops[record->op].name, name) == 0) break;
    }
    if (record->op == OP_COUNT) return invalid(name);
    if (count < ops[record->op].least || count > ops[record->op].most) return invalid(name);
    record->count = (unsigned)count;
    at = next_field(at);
    for (unsigned i = 0; i < record->count; i++) {
        if (at == end) return invalid(name);
        if (i < sizeof record->arg / sizeof *record->arg) record->arg[i] = at;
        at = next_field(at);
    }
    record->end = at;
    return 0;
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
    case OP_LOG_ATTRIBUTE:
    case OP_LOG_COMPRESS:
    case OP_RESTART:
    case OP_TIMEOUT:
    case OP_HEALTH:
    case OP_HEALTH_ARG:
    case OP_EVENTS:
    case OP_UID_MAP:
    case OP_GID_MAP:
    case OP_TIME_OFFSET:
    case OP_LABEL:
        return 0; /* read where they are performed */
    case OP_CGROUP:
        return take_cgroup(plan, record);
    default:
        return invalid("general");
    }
}

/* Steps that would otherwise change the host's own tree. */
static bool needs_mount_namespace(enum op op)
{
    return ops[op].section == SECTION_INIT && op != OP_INIT && op != OP_HOSTNAME && op != OP_DOMAINNAME &&
           op != OP_SYSCTL && op != OP_LOOPBACK;
}

/* Steps that would otherwise change the host's name or network: they need that namespace. */
static bool allowed(const struct plan *plan, enum op op)
{
    if (op == OP_HOSTNAME || op == OP_DOMAINNAME) return plan->namespaces & CLONE_NEWUTS;
    if (op == OP_LOOPBACK) return plan->namespaces & CLONE_NEWNET;
    return !needs_mount_namespace(op) || (plan->namespaces & CLONE_NEWNS);
}

static int index_records(struct plan *plan)
{
    enum section section = SECTION_GENERAL;
    const char *end = plan->data + plan->size;
    struct record record = {.end = plan->data};
    while (record.end != end) {
        const char *at = record.end;
        if (read_record(plan, at, &record) < 0) return -1;
        if (at == plan->data && record.op != OP_HEADER) return invalid("skiff-plan");
        if (is_marker(record.op)) {
            if (ops[record.op].section != section + 1) return invalid(at);
            plan->start[++section] = at;
        }
        if (ops[record.op].section != section || !allowed(plan, record.op)) return invalid(at);
        if (section == SECTION_GENERAL && take_general(plan, &record) < 0) return -1;
    }
    if (section != SECTION_TEARDOWN) return invalid("teardown");
    plan->start[SECTION_COUNT] = end;
    if (plan->id == NULL) return invalid("id");
    if (plan->rundir == NULL || plan->rundir[0] != '/') return invalid("rundir");
    if (plan->exit_record == NULL || plan->exit_record[0] != '/') return invalid("exit-record");
    return 0;
}

int plan_open(struct plan *plan, const char *path)
{
    *plan = (struct plan){.stop_signal = 15, .stop_timeout_ms = 10000};
    plan->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (plan->fd < 0) return failed(STAGE_PLAN, path);
    struct stat stat;
    if (fstat(plan->fd, &stat) < 0) return failed(STAGE_PLAN, path);
    if (!S_ISREG(stat.st_mode) || stat.st_size == 0 || stat.st_size > PLAN_MAX) return invalid(path);
    plan->size = (size_t)stat.st_size;
    plan->data = mmap(NULL, plan->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, plan->fd, 0);
    if (plan->data == MAP_FAILED) return failed(STAGE_PLAN, path);
    if (plan->data[plan->size - 1] != '\0') return invalid(path);
    plan->start[SECTION_GENERAL] = plan->data;
    return index_records(plan);
}

bool plan_next(const struct plan *plan, enum section section, struct record *record)
{
    const char *at = record->end != NULL ? record->end : plan->start[section];
    while (at != plan->start[section + 1]) {
        if (read_record(plan, at, record) < 0) return false;
        if (!is_marker(record->op)) return true;
        at = record->end;
    }
    return false;
}

void plan_forget_pages(const struct plan *plan)
{
    madvise((void *)plan->data, plan->size, MADV_DONTNEED);
}
