/* Files of records, which TypeScript writes: NUL-terminated fields, each record a name, how many arguments, and those. */
#pragma once

#include "base/stages.h"

#include <stddef.h>

/* One record. The first arguments are in `arg`; the rest follow in memory, see next_field(). */
struct record {
    unsigned op; /* index of its kind */
    unsigned count;
    const char *arg[8];
    const char *end; /* the next record */
};

/* What a format knows: the name of a record, where it may stand (the format's own numbers), how many arguments it has. */
struct record_kind {
    const char *name;
    unsigned section, least, most;
};

struct record_format {
    const struct record_kind *kinds;
    unsigned count;
    enum stage stage; /* under which a file of this format is refused */
};

/* A file, mapped; nothing of it is copied. */
struct fields {
    int fd;
    const char *data, *end;
};

/* Maps it. -1 with a noted failure, and `fields` holds nothing. */
int fields_open(struct fields *fields, const struct record_format *format, const char *path);
void fields_close(struct fields *fields);

/*
 * Takes the records from what can be read from `input` to its end, in the place of those of the file, which stays open; they
 * are in memory only. -1 with a noted failure.
 */
int fields_replace(struct fields *fields, const struct record_format *format, int input);

/* Reads the record at `at`. -1 with a noted failure when the file ends within it or its kind is not known. */
int record_read(const struct fields *fields, const struct record_format *format, const char *at,
                struct record *record);

/* Notes that a record, or the file, is not as it should be. */
int record_invalid(const struct record_format *format, const char *detail);

/* The argument after this one. */
const char *next_field(const char *field);
