/* What a log driver does (log.h): log.c picks the plan's one. */
#pragma once

#include "base/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* A line without its newline, or a piece of one. */
struct log_entry {
    int stream;
    const char *text;
    size_t length;
    bool complete;
    const struct timespec *time; /* when the line's first byte was read: pieces carry it too */
    unsigned piece;              /* its number in the line, from 1; 0: the line is whole */
};

struct log_driver {
    int (*open)(const struct plan *plan); /* -1 with errno */
    void (*append)(const struct log_entry *entry);
    void (*flush)(void); /* NULL: nothing is kept that could be handed on */
    void (*rest)(void);  /* gives memory back when it was flushed; NULL: it has none */
    void (*close)(void);
};

extern const struct log_driver log_to_file, log_to_journald, log_to_syslog;
