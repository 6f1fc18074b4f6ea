#pragma once

#include <sys/types.h>

/* Asks for so many descriptors; returns how many it may have, -1 with errno. */
int forwarder_limit_descriptors(int count);

/*
 * Takes everything from this process that the forwarder has no need of: user, capabilities, files, memory that it does
 * not have yet, and all system calls but those for sockets and pipes. It dies with `parent`. -1 with errno.
 */
int forwarder_enter_jail(pid_t parent);
