/* What rtnetlink(7) tells of links. */
#pragma once

#include "network/rtnl.h"

/* IFALIASZ of linux/if.h, which cannot be had beside net/if.h. */
#define ALIAS_SIZE 256

enum forwarding_state { FORWARDING_UNKNOWN, FORWARDING_OFF, FORWARDING_ON };

struct link {
    int index;
    unsigned flags; /* IFF_UP and the like */
    uint32_t master, mtu;
    struct mac mac;
    bool has_mac;
    char kind[16], name[IFNAMSIZ], alias[ALIAS_SIZE];
    /* Whether packets of the family that arrive there are forwarded. */
    enum forwarding_state forwarding4, forwarding6;
};

/* All return -1 with errno. */

/* ENODEV: there is no such link. */
int rtnl_link_index(int rtnl, const char *name);
int rtnl_read_link(int rtnl, const char *name, struct link *link);

/*
 * Writes all links to `out`, each as six fields that end with NUL: index, name, index of the bridge that it is a port of
 * (0: none), kind (empty: a device), MAC address (empty: none of six bytes) and alias.
 */
int rtnl_list_links(int rtnl, int out);
