/* Whether what a network file describes is there; nothing is changed. */
#pragma once

#include "network/network_steps.h"

/* Is told of a record that is not so: its stage, what is wrong (errno), and the object. */
typedef void flaw_found(enum stage stage, int error, const char *detail);

/*
 * Looks at each record of the section `host` of the file at `path` in the network namespace of the sockets. -1 with a
 * noted failure: the file cannot be read. What is wrong:
 *
 *   bridge           ENODEV: it is not there, EEXIST: it is no bridge, ENETDOWN: it is down
 *   address          EADDRNOTAVAIL: the link does not have it
 *   sysctl           EINVAL: it has another value, or what reading it says
 *   veth (rejoin)    ENOTCONN: the link is there, and is no port of the bridge; the detail is the link
 */
int network_check(const struct network_sockets *sockets, const char *path, flaw_found *found);
