/* The steps of network files. */
#pragma once

#include "base/fields.h"
#include "base/report.h"
#include "network/rtnl.h"

/* Sockets of one network namespace. */
struct network_sockets {
    int rtnl, nft; /* `nft` -1: the kernel has no nf_tables */
};

/*
 * Performs a record of the sections `host` and `container` in the network namespace of the sockets, which is that of the
 * caller; links go into `container`, a descriptor, or -1: there is none. -1 with a noted failure.
 */
int network_step(const struct network_sockets *sockets, int container, const struct record *record);

/* Performs one of the section `teardown`. What is missing is fine. -1 with a noted failure. */
int network_undo_step(const struct network_sockets *sockets, const struct record *record);

/* Performs the messages as one transaction. -1 with a noted failure. */
int nft_step(int socket, const char *hex);

/* `172.18.0.2/16`, or without a prefix length: then it is the whole address. -1 with errno. */
int parse_address(const char *text, struct address *address);

/* Notes a failure whose object has several words; an empty one is left out. */
int failed_at(enum stage stage, const char *const *words, int count);
