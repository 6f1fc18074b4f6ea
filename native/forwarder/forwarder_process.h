/* The forwarder: relays what arrives at ports of the host to the container (forwarder.h). */
#pragma once

#include "forwarder/forwarder_ports.h"

#include <stdint.h>
#include <sys/types.h>

struct held_port {
    int fd;
    int protocol; /* IPPROTO_* */
    bool relayed;
    union address host;
};

/*
 * Is the forwarder, in a process of its own: gives up all rights, serves the ports that are relayed until nothing
 * happened for a minute, and ends with 0; with 1 when it cannot begin. It dies with `monitor`, its parent. The
 * descriptors of `held` ascend.
 */
_Noreturn void forwarder_main(const char *ports_file, const struct held_port *held, size_t count,
                              pid_t monitor);
