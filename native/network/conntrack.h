/* What the kernel remembers of connections (ctnetlink of linux/netfilter/nfnetlink_conntrack.h). */
#pragma once

#include "network/rtnl.h"

#include <stddef.h>
#include <stdint.h>

/* A port of the host; an address of nothing but zeros is every one of its family. */
struct host_port {
    struct address address;
    uint16_t port;
};

/*
 * Forgets the UDP flows that began as datagrams for one of these ports, so that the next datagram is led where the
 * firewall says now: a flow goes where its first one went for as long as somebody keeps sending. `socket` is one of
 * nft_open(). A kernel that does not tell of its flows is fine. -1 with errno.
 */
int conntrack_forget_udp(int socket, const struct host_port *ports, size_t count);
