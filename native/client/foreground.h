/*
 * The foreground of a container or of a process in one: our standard streams, terminal and signals, relayed to and from
 * whoever serves relay.c. For `run`, `attach` and `exec`. It holds nothing that the container needs; killed, it leaves
 * the container running.
 */
#pragma once

#include "base/report.h"
#include "client/proxy.h"
#include "streams/client_options.h"

#include <stdbool.h>
#include <stddef.h>

struct foreground {
    struct client_options options;
    int socket;         /* the relay's client: frames come from here, input goes there */
    struct proxy proxy; /* `control` may be -1 until it started */
    const char *rundir; /* whose control socket is connected to when it started; NULL: `control` is it */
    int told;        /* 0: nobody; else a descriptor that gets a line when it started, and is closed then */
    bool terminal;   /* the other side has one */
    bool stdin_open; /* and somebody there may read */
    bool until_started; /* return as soon as it started */
    bool has_started;   /* set by foreground_begin(), and by the frame that says so */
};

enum foreground_end {
    FOREGROUND_STARTED,
    FOREGROUND_EXITED,   /* `code` */
    FOREGROUND_FAILED,   /* the start: `record` */
    FOREGROUND_DETACHED, /* by its keys: it goes on */
    FOREGROUND_LEFT, /* nothing is left to be relayed, or input has ended until which it was to be: it goes on */
    FOREGROUND_HUNG_UP, /* our terminal is gone: it goes on */
    FOREGROUND_LOST,    /* the other side is gone without a word */
};

struct foreground_result {
    enum foreground_end end;
    int code; /* that of the process, or EXIT_ENGINE when output of a process that ended with 0 was lost */
    bool oom; /* the kernel killed something of the container for want of memory */
    size_t record_size;
    char record[RECORD_MAX];
};

/*
 * Begins to follow a container that has started: the terminal is raw and its size is passed on. For who joins later;
 * who starts the container gets a frame that says so.
 */
void foreground_begin(struct foreground *foreground);

/* Relays until one of the ends. The terminal is as it was before then. */
void foreground_follow(struct foreground *foreground, struct foreground_result *result);

/* Tells whoever has typed the keys that they have detached; a program that relays them tells that itself. */
void say_detached(void);

/* Connects to the control socket of a container; -1 with errno. */
int connect_control(const char *rundir);
