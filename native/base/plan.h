/* The plan file, mapped and checked once; nothing of it is copied (native/PLAN.md). */
#pragma once

#include "base/fields.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum section {
    SECTION_GENERAL,
    SECTION_SETUP,
    SECTION_INIT,
    SECTION_PROCESS,
    SECTION_TEARDOWN,
    SECTION_COUNT
};

enum op {
#define OP(constant, name, section, least, most) OP_##constant,
#include "ops.def"
#undef OP
    OP_COUNT
};

struct plan {
    struct fields file;                   /* whoever holds its flock acts on the container */
    bool in_memory;                       /* its records are not those of the file */
    const char *start[SECTION_COUNT + 1]; /* records of section s: start[s] up to start[s + 1] */

    const char *id, *rundir, *exit_record;
    const char *log_driver, *log_path; /* NULL: no log */
    int64_t log_max_bytes, log_max_files;
    bool log_compress;
    bool terminal;
    bool stdin_open;
    int stdin_once; /* 1: it ends with a client's, -1: it does not, 0: it does if whoever started it took part in it */
    int stop_signal;
    int64_t stop_timeout_ms;
    uint64_t namespaces;   /* CLONE_NEW* */
    uint64_t joined;       /* CLONE_NEW* of the records `join` */
    const char *cgroup_v2; /* NULL: none on v2 */
    const char *seccomp;   /* file of the program; NULL: none */
    const char *seccomp_flags;
    const char *networks;  /* directory of network files; NULL: none */
    const char *last_out;  /* network file: what the last one on networks takes along; NULL: nothing */
    struct record failure; /* count 0: none */
    struct record target;  /* count 0: the plan is a container's own, not of exec */
};

/* Maps and checks a plan. -1 with a noted failure. */
int plan_open(struct plan *plan, const char *path);

/*
 * Takes the whole plan from `input`: that of the file says the same but for what is secret, and is there for whoever cleans
 * up. -1 with a noted failure.
 */
int plan_replace(struct plan *plan, int input);

/*
 * Steps through a section: set `record->end` to NULL first. A marker (`setup`, `init`, ...) is not returned.
 */
bool plan_next(const struct plan *plan, enum section section, struct record *record);

/* The CLONE_NEW* flag of `pid`, `net`, ...; 0 for anything else. */
uint64_t namespace_flag(const char *name);

const char *record_name(const struct record *record);

/* The first general record of this operation; count 0: there is none. */
struct record plan_find(const struct plan *plan, enum op op);

/* Gives the pages back; they return from the file when the teardown is read. */
void plan_forget_pages(const struct plan *plan);

/* Takes it out of this process's memory; nothing that was read points anywhere any more. */
void plan_unmap(const struct plan *plan);

/*
 * Takes the lock that says "this plan is being acted upon", of a file that is still there; `wait`: until whoever has it
 * lets go. -1 with errno: EWOULDBLOCK, ENOENT.
 */
int plan_lock(struct plan *plan, bool wait);
