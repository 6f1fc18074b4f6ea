/* The records that the monitor leaves (src/ARCHITECTURE.md, "Records of the monitor"). Times are ms since the epoch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_id {
    pid_t pid;
    int64_t start_time;
};

struct state_record {
    struct process_id monitor, init;
    int64_t started;
};

/* What the kernel counted in the container's cgroups; 0: nothing, or not known. */
struct evidence {
    int64_t oom_kills;
    int64_t memory_peak, memory_limit; /* bytes */
    int64_t throttled_periods, throttled_us;
    int64_t pids_refused;
};

/* What the monitor did to the first process. */
struct signals_sent {
    int last; /* 0: none */
    int64_t at;
    bool escalated; /* SIGKILL, as the timeout of a stop had passed */
};

struct exit_record {
    int code;
    int signal; /* 0: none */
    int64_t started, finished;
    struct evidence evidence;
    struct signals_sent sent;
};

/* RUN/ID/state, replaced in one step. `rundir` is the open directory. -1 with errno. */
int write_state(int rundir, const struct state_record *record);
int read_state(int rundir, struct state_record *record);

int write_exit(const char *path, const struct exit_record *record);

/* The code of the record at `path`; -1 when there is none. */
int read_exit_code(const char *path);
