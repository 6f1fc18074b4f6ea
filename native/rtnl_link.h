/* What rtnetlink(7) tells of a link. */
#pragma once

#include "rtnl.h"

enum forwarding_state { FORWARDING_UNKNOWN, FORWARDING_OFF, FORWARDING_ON };

struct link {
    int index;
    unsigned flags; /* IFF_UP and the like */
    uint32_t master, mtu;
    struct mac mac;
    char kind[16];
    /* Whether packets of the family that arrive there are forwarded. */
    enum forwarding_state forwarding4, forwarding6;
};

/* -1 with ENODEV: there is no such link. */
int rtnl_link_index(int rtnl, const char *name);
int rtnl_read_link(int rtnl, const char *name, struct link *link);
