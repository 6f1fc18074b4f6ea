/*
 * A network file: how a network's own links, or an endpoint of a container, come into being and go
 * (src/network/NETWORKS.md, "Network files").
 */
#pragma once

#include "base/fields.h"

#include <stdbool.h>

/* The sections in order, as bits: some records may stand in two. */
enum network_section {
    NETWORK_GENERAL = 1,
    NETWORK_HOST = 2,
    NETWORK_CONTAINER = 4,
    NETWORK_BOTH = NETWORK_HOST | NETWORK_CONTAINER,
    NETWORK_TEARDOWN = 8,
    NETWORK_LEAVING = NETWORK_CONTAINER | NETWORK_TEARDOWN,
    NETWORK_PUBLISHING = NETWORK_HOST | NETWORK_TEARDOWN,
};

enum network_op {
#define OP(constant, name, section, least, most) OP_##constant,
#include "network_ops.def"
#undef OP
    OP_NETWORK_COUNT
};

struct network_file {
    struct fields file;
    struct {
        const char *start, *end;
    } records[NETWORK_TEARDOWN + 1];  /* of each section */
    const char *network, *attributes; /* of the events; NULL: there are none */
};

/* Maps and checks one; network_file_close() when done. -1 with a noted failure. */
int network_file_open(struct network_file *network, const char *path);
void network_file_close(struct network_file *network);

/* Steps through one of the sections: set `record->end` to NULL first. */
bool network_next(const struct network_file *network, enum network_section section, struct record *record);

bool network_has(const struct network_file *network, enum network_section section);

const char *network_record_name(const struct record *record);
