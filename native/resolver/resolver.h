/* The resolver of one container's networks; how its parts work together is told in resolver.c. */
#pragma once

#include <sys/types.h>

/* Where it listens in the container's network namespace; rules there lead port 53 of the address here. */
#define RESOLVER_ADDRESS "127.0.0.11"
#define RESOLVER_PORT 61053

/*
 * Starts the resolver that listens in the given network namespace; the loopback need not be up. `config_path` is
 * RUN/names/containers/<id>, absolute, and must be there already; RUN/names and what is below must be readable for
 * everybody. Returns its pid, a child that dies with us and that somebody may kill at any time; -1 with a noted
 * failure. Questions are kept by the kernel until the child is ready; one that cannot give up its rights ends.
 */
pid_t resolver_start(int network_namespace, const char *config_path);
