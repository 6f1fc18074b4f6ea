/* Links, addresses and routes by rtnetlink(7), in the network namespace in which the socket `rtnl` was opened. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct mac {
    uint8_t bytes[6];
};

/* An address of either family: AF_INET or AF_INET6. */
struct address {
    sa_family_t family;
    uint8_t prefix, size; /* in bits, in bytes */
    uint8_t bytes[16];
};

/* A link that goes into a container; MTU 0 is that of the link of the host. */
struct container_link {
    const char *name; /* in the container */
    struct mac mac;
    uint32_t mtu;
    int network_namespace;
};

/* All return -1 with errno. */

/* Makes a bridge and brings it up. One that is there is fine (brought up only); EEXIST: it is no bridge. */
int rtnl_bridge(int rtnl, const char *name, const struct mac *mac, uint32_t mtu);

/* Text that whoever looks at links is shown beside its name (IFLA_IFALIAS), at most 255 bytes. */
int rtnl_alias(int rtnl, const char *link, const char *text);

/* The families of which a host has to forward packets. */
struct forwarding {
    bool v4, v6;
};

/*
 * Makes a pair of which `name` is a port of `bridge`, up, and the other end is in the container. ENODEV: there is no
 * such bridge, ENETDOWN: it is down, ENETUNREACH: what arrives there is not forwarded, of a family that is wanted. A
 * port of the bridge that has the name is what a container left whose namespace is still being taken apart: it goes.
 */
int rtnl_veth(int rtnl, const char *name, const char *bridge, struct forwarding wanted,
              const struct container_link *link);

/* Makes a link that has no bridge any more a port of this one. What is not there, or has one, is fine. */
int rtnl_rejoin(int rtnl, const char *port, const char *bridge);

/* How a port of a bridge passes frames on. */
struct port_flags {
    /* Not to another port that is isolated, too. */
    bool isolated;
    /* Also back to where they came from. */
    bool hairpin;
};

/* Sets the flags that are true. */
int rtnl_port_flags(int rtnl, const char *port, struct port_flags flags);

/* `mode`: bridge, private, vepa or passthru. ENODEV: there is no such parent. */
int rtnl_macvlan(int rtnl, const char *parent, const char *mode, const struct container_link *link);

/* Gives a link an address; there already is fine. */
int rtnl_address(int rtnl, const char *link, const struct address *address);

int rtnl_up(int rtnl, const char *link);

/* `gateway` NULL: none; metric 0: the kernel's. A destination with prefix 0 is the default route. */
int rtnl_route(int rtnl, const char *link, const struct address *destination, const struct address *gateway,
               uint32_t metric);

/* Deletes a link; what is not there is fine. Waits for RCU: tens of milliseconds. */
int rtnl_delete_link(int rtnl, const char *name);

/* Deletes a bridge that was made with this address; another link of that name is left alone. */
int rtnl_delete_bridge(int rtnl, const char *name, const struct mac *mac);
