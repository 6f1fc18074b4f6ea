/* The words HOW of `run`, `attach` and `exec` (native/VERBS.md, "The helper's verbs"). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

enum { STREAM_IN = 1, STREAM_OUT = 2, STREAM_ERR = 4, STREAMS_ALL = 7 };

#define DETACH_KEYS_MAX 32

struct client_options {
    unsigned streams; /* STREAM_* */
    bool signals;     /* forwarded */
    bool until_input; /* the end of its input is the end of all: it leaves then */
    uint8_t keys[DETACH_KEYS_MAX];
    size_t key_count;    /* 0: nothing detaches */
    struct winsize size; /* of a terminal that is not ours; 0 by 0: nobody has said */
};

/* Reads the words; NULL-terminated as argv is. -1 with EINVAL when one is unknown. */
int client_options_parse(struct client_options *options, char **words);

/* `in,out,err` or some of them, as STREAM_*; -1 with EINVAL. */
int streams_parse(const char *words);
