/* The apply stream: file operations as records (src/storage/layer/LAYERS.md). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* One entry record of the apply stream (src/storage/layer/LAYERS.md). Strings and attributes point into the record. */
struct entry {
    uint32_t mode, uid, gid;
    struct timespec mtime;
    dev_t device;
    const char *path;
    const char *target;
    uint32_t xattr_count;
    const uint8_t *xattrs, *end;
};

/* Reads an entry record in place; its strings end in NUL, which is checked. -1 with EBADMSG. */
int read_entry(struct entry *entry, const uint8_t *body, size_t length);

/* The next attribute of an entry, from `*at` on, which is moved behind it: 1. 0: there is none left. -1 with EBADMSG. */
struct entry_attribute {
    const char *name;
    const uint8_t *value;
    size_t size;
    uint16_t flags;
};
int next_attribute(const struct entry *entry, const uint8_t **at, struct entry_attribute *attribute);

/* Where a stream comes from, and what is done with it. */
struct stream {
    int fd;
    /* Performs one record: 0 goes on, 1 is the end, -1 a failure that was noted. */
    int (*perform)(void *context, char op, const uint8_t *body, size_t length);
    void (*before_wait)(void *context); /* NULL: nothing is done before it is waited for more */
    void *context;
};

/* Performs all records: 0. -1 with a noted failure, also for an input that ends before: its owner gave up. */
int read_stream(const struct stream *stream);
