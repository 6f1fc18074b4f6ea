#include "base/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DETAIL_MAX (RECORD_MAX - 64)

static const char *const names[] = {
#define STAGE(constant, name) name,
#include "stages.def"
#undef STAGE
};

/* The detail is a path at most; longer ones are cut, as the record must stay atomic. */
static struct {
    bool noted;
    const char *stage;
    int error;
    char detail[DETAIL_MAX + 1];
} failure;

const char *stage_name(enum stage stage)
{
    return names[stage];
}

int failed(enum stage stage, const char *detail)
{
    int error = errno;
    if (!failure.noted) {
        failure.noted = true;
        failure.stage = names[stage];
        failure.error = error;
        snprintf(failure.detail, sizeof failure.detail, "%s", detail);
    }
    errno = error;
    return -1;
}

static size_t encode(char record[RECORD_MAX], const char *stage, int error, const char *detail)
{
    int length = snprintf(record, RECORD_MAX, "%s%c%d%c%.*s%c", stage, 0, error, 0, DETAIL_MAX, detail, 0);
    return (size_t)length;
}

size_t encode_failure(char record[RECORD_MAX])
{
    return encode(record, failure.stage, failure.error, failure.detail);
}

bool has_failed(enum stage stage, int error)
{
    return failure.noted && failure.stage == names[stage] && failure.error == error;
}

void forget_failure(void)
{
    failure.noted = false;
}

int take_failure_code(void)
{
    bool exec = strcmp(failure.stage, names[STAGE_EXEC]) == 0;
    bool interpreter = strcmp(failure.stage, names[STAGE_EXEC_INTERPRETER]) == 0;
    forget_failure();
    if (interpreter || (exec && failure.error == ENOENT)) return 127;
    return exec || strcmp(failure.stage, names[STAGE_CWD]) == 0 ? 126 : 125;
}

void report_to(int pipe)
{
    char record[RECORD_MAX];
    if (write(pipe, record, encode_failure(record)) < 0) return; /* nobody waits any more */
}

void adopt_failure(const char *record, size_t size)
{
    const char *fields[3];
    if (failure.noted || decode_failure(record, size, fields) < 0) return;
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        if (strcmp(names[stage], fields[0]) != 0) continue;
        errno = atoi(fields[1]);
        failed(stage, fields[2]);
    }
}

void report_failure(const char *stage, int error, const char *detail)
{
    char record[RECORD_MAX];
    size_t size = encode(record, stage, error, detail);
    /* A descriptor 3 of our own closes on exec; one that was handed to us does not. */
    int flags = fcntl(3, F_GETFD);
    bool given = flags >= 0 && (flags & FD_CLOEXEC) == 0;
    if (!given || write(3, record, size) != (ssize_t)size) print_failure(record, size);
}

void report_noted_failure(void)
{
    report_failure(failure.stage, failure.error, failure.detail);
}

int decode_failure(const char *record, size_t size, const char *fields[3])
{
    const char *end = record + size;
    for (int i = 0; i < 3; i++) {
        const char *nul = record < end ? memchr(record, 0, (size_t)(end - record)) : NULL;
        if (nul == NULL) return -1;
        fields[i] = record;
        record = nul + 1;
    }
    return 0;
}

void print_failure(const char *record, size_t size)
{
    const char *fields[3];
    if (decode_failure(record, size, fields) < 0) return;
    dprintf(2, "skiff-helper: %s: %s: %s\n", fields[0], fields[2], strerror(atoi(fields[1])));
}
