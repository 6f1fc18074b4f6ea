/* The records that the monitor leaves (native/MONITOR.md, "Records of the monitor"). Times are ms since the epoch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_id {
    pid_t pid;
    int64_t start_time;
};

/* What the kernel counted in the container's cgroups; 0: nothing, or not known. */
struct evidence {
    int64_t oom_kills;
    int64_t memory_peak, memory_limit; /* bytes */
    int64_t throttled_periods, throttled_us;
    int64_t pids_refused;
};

struct state_record {
    struct process_id monitor, init; /* init.pid 0: it waits to be started again */
    int64_t started;
    int64_t restarting;      /* when that is going to be; 0: it runs */
    int64_t restarts;        /* how often it was started again */
    struct evidence counted; /* of earlier runs, in the same cgroups */
};

/* What the monitor did to the first process. */
struct signals_sent {
    int last; /* 0: none */
    int64_t at;
    bool stopped;   /* it was asked to end, by `stop` */
    bool escalated; /* SIGKILL, as the timeout of a stop had passed */
    bool ignored;   /* and the first process had never cared for the signal that asked it to end */
};

struct exit_record {
    int code;
    int signal; /* 0: none */
    int64_t started, finished;
    int64_t restarts; /* how often it had been started again */
    struct evidence evidence;
    struct signals_sent sent;
};

/* RUN/ID/state, replaced in one step. `rundir` is the open directory. -1 with errno. */
int write_state(int rundir, const struct state_record *record);
int read_state(int rundir, struct state_record *record);

/*
 * Takes the room that the exit record at `path` will need, beside it: a container ends just when the disk is full. What
 * cannot be had is not missed before then.
 */
void reserve_exit(const char *path);

int write_exit(const char *path, const struct exit_record *record);

/* Writes the record in two steps: first beside `path`, then put there. */
int draft_exit(const char *path, const struct exit_record *record);
int publish_exit(const char *path);

/*
 * Keeps a record that could not be written in RUN/ID, which is no disk; somebody settles it later. Settling what is not
 * kept says ENOENT. -1 with errno.
 */
int keep_exit(int rundir, const struct exit_record *record);
int settle_exit(int rundir, const char *path);

/* Copies the record, not in one step: whoever may read `to` must be told when it is whole. -1 with errno. */
int copy_exit(const char *path, const char *to);

/* The code of the record at `path`; -1 when there is none. */
int read_exit_code(const char *path);
