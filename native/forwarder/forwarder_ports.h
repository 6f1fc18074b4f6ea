/* The file of ports (src/network/NETWORKS.md, "Network files"). */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* An address of either family; AF_UNSPEC: none. */
union address {
    sa_family_t family;
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

socklen_t address_size(const union address *address);

bool address_equals(const union address *one, const union address *other);

struct port {
    int protocol; /* IPPROTO_* */
    union address host;
    union address container; /* AF_UNSPEC: nothing is relayed */
};

struct port_list {
    struct port *ports;
    size_t count;
};

/* Reads it into memory that port_list_free() gives back. -1 with errno: EINVAL when it is not such a file. */
int port_list_read(struct port_list *list, const char *path);

void port_list_free(struct port_list *list);

/* `tcp 0.0.0.0 8080`, for messages. */
void port_name(const struct port *port, char *name, size_t size);
