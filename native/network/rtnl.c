#include "network/rtnl.h"

#include "base/util.h"
#include "network/netlink.h"
#include "network/rtnl_link.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

static const struct ifinfomsg raised = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};

int rtnl_bridge(int rtnl, const char *name, const struct mac *mac, uint32_t mtu)
{
    struct message message;
    message_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &raised, sizeof raised);
    message_add_text(&message, IFLA_IFNAME, name);
    message_add(&message, IFLA_ADDRESS, mac, sizeof *mac);
    if (mtu > 0) message_add_number(&message, IFLA_MTU, mtu);
    size_t details = message_nest(&message, IFLA_LINKINFO);
    message_add_text(&message, IFLA_INFO_KIND, "bridge");
    message_end(&message, details);
    if (netlink_request(rtnl, &message) == 0) return 0;
    if (errno != EEXIST) return -1;
    struct link link;
    if (rtnl_read_link(rtnl, name, &link) < 0) return -1;
    return strcmp(link.kind, "bridge") == 0 ? rtnl_up(rtnl, name) : fail_with(EEXIST);
}

int rtnl_alias(int rtnl, const char *link, const char *text)
{
    struct message message;
    struct ifinfomsg info = {.ifi_index = rtnl_link_index(rtnl, link)};
    if (info.ifi_index < 0) return -1;
    message_begin(&message, RTM_NEWLINK, 0, &info, sizeof info);
    message_add(&message, IFLA_IFALIAS, text, strlen(text));
    return netlink_request(rtnl, &message);
}

static void add_container_link(struct message *message, const struct container_link *link, uint32_t mtu)
{
    message_add_text(message, IFLA_IFNAME, link->name);
    message_add(message, IFLA_ADDRESS, &link->mac, sizeof link->mac);
    message_add_number(message, IFLA_MTU, mtu);
    message_add_number(message, IFLA_NET_NS_FD, (uint32_t)link->network_namespace);
}

/*
 * Asks for one queue. By default the kernel makes one for each CPU and then takes all but one away, for which it waits
 * for RCU, at both ends.
 */
static void add_one_queue(struct message *message)
{
    message_add_number(message, IFLA_NUM_TX_QUEUES, 1);
    message_add_number(message, IFLA_NUM_RX_QUEUES, 1);
}

static int make_veth(int rtnl, const char *name, const struct link *bridge, const struct container_link *link)
{
    struct message message;
    struct ifinfomsg peer = {0};
    uint32_t mtu = link->mtu > 0 ? link->mtu : bridge->mtu;
    message_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &raised, sizeof raised);
    message_add_text(&message, IFLA_IFNAME, name);
    message_add_number(&message, IFLA_MTU, mtu);
    message_add_number(&message, IFLA_MASTER, (uint32_t)bridge->index);
    add_one_queue(&message);
    size_t details = message_nest(&message, IFLA_LINKINFO);
    message_add_text(&message, IFLA_INFO_KIND, "veth");
    size_t data = message_nest(&message, IFLA_INFO_DATA);
    size_t other = message_nest(&message, VETH_INFO_PEER);
    message_append(&message, &peer, sizeof peer);
    add_container_link(&message, link, mtu);
    add_one_queue(&message);
    message_end(&message, other);
    message_end(&message, data);
    message_end(&message, details);
    return netlink_request(rtnl, &message);
}

/* Whether the name is that of a port which we may have made. */
static bool is_left_over(int rtnl, const char *name, const struct link *bridge)
{
    struct link link;
    if (rtnl_read_link(rtnl, name, &link) < 0) return errno == ENODEV;
    return strcmp(link.kind, "veth") == 0 && link.master == (uint32_t)bridge->index;
}

/* Compares a bridge with what is wanted. What the kernel does not tell is taken to be so. */
static int check_bridge(const struct link *bridge, struct forwarding wanted)
{
    if (!(bridge->flags & IFF_UP)) return fail_with(ENETDOWN);
    bool lacks4 = wanted.v4 && bridge->forwarding4 == FORWARDING_OFF;
    bool lacks6 = wanted.v6 && bridge->forwarding6 == FORWARDING_OFF;
    return lacks4 || lacks6 ? fail_with(ENETUNREACH) : 0;
}

int rtnl_veth(int rtnl, const char *name, const char *bridge_name, struct forwarding wanted,
              const struct container_link *link)
{
    struct link bridge;
    if (rtnl_read_link(rtnl, bridge_name, &bridge) < 0 || check_bridge(&bridge, wanted) < 0) return -1;
    if (make_veth(rtnl, name, &bridge, link) == 0) return 0;
    if (errno != EEXIST) return -1;
    if (!is_left_over(rtnl, name, &bridge)) return fail_with(EEXIST);
    return rtnl_delete_link(rtnl, name) < 0 ? -1 : make_veth(rtnl, name, &bridge, link);
}

int rtnl_rejoin(int rtnl, const char *port, const char *bridge_name)
{
    struct message message;
    struct link link, bridge;
    struct ifinfomsg info = {0};
    if (rtnl_read_link(rtnl, port, &link) < 0) return errno == ENODEV ? 0 : -1;
    if (link.master != 0) return 0;
    if (rtnl_read_link(rtnl, bridge_name, &bridge) < 0) return -1;
    info.ifi_index = link.index;
    message_begin(&message, RTM_NEWLINK, 0, &info, sizeof info);
    message_add_number(&message, IFLA_MASTER, (uint32_t)bridge.index);
    /* Its container may end at this moment. */
    return netlink_request(rtnl, &message) == 0 || errno == ENODEV ? 0 : -1;
}

int rtnl_port_flags(int rtnl, const char *port, struct port_flags flags)
{
    struct message message;
    struct ifinfomsg info = {.ifi_family = AF_BRIDGE, .ifi_index = rtnl_link_index(rtnl, port)};
    uint8_t on = 1;
    if (info.ifi_index < 0) return -1;
    message_begin(&message, RTM_SETLINK, 0, &info, sizeof info);
    size_t attributes = message_nest(&message, IFLA_PROTINFO | NLA_F_NESTED);
    if (flags.isolated) message_add(&message, IFLA_BRPORT_ISOLATED, &on, sizeof on);
    if (flags.hairpin) message_add(&message, IFLA_BRPORT_MODE, &on, sizeof on);
    message_end(&message, attributes);
    return netlink_request(rtnl, &message);
}

static uint32_t macvlan_mode(const char *mode)
{
    return strcmp(mode, "bridge") == 0     ? MACVLAN_MODE_BRIDGE
           : strcmp(mode, "private") == 0  ? MACVLAN_MODE_PRIVATE
           : strcmp(mode, "vepa") == 0     ? MACVLAN_MODE_VEPA
           : strcmp(mode, "passthru") == 0 ? MACVLAN_MODE_PASSTHRU
                                           : 0;
}

int rtnl_macvlan(int rtnl, const char *parent_name, const char *mode, const struct container_link *link)
{
    struct message message;
    struct link parent;
    struct ifinfomsg info = {0};
    if (macvlan_mode(mode) == 0) return fail_with(EINVAL);
    if (rtnl_read_link(rtnl, parent_name, &parent) < 0) return -1;
    message_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof info);
    add_container_link(&message, link, link->mtu > 0 ? link->mtu : parent.mtu);
    message_add_number(&message, IFLA_LINK, (uint32_t)parent.index);
    size_t details = message_nest(&message, IFLA_LINKINFO);
    message_add_text(&message, IFLA_INFO_KIND, "macvlan");
    size_t data = message_nest(&message, IFLA_INFO_DATA);
    message_add_number(&message, IFLA_MACVLAN_MODE, macvlan_mode(mode));
    message_end(&message, data);
    message_end(&message, details);
    return netlink_request(rtnl, &message);
}

/* The last address of an IPv4 subnet; there is none in those of one or two. */
static void add_broadcast(struct message *message, const struct address *address)
{
    uint8_t last[4];
    for (unsigned bit = 0; bit < 32; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        if (bit % 8 == 0) last[bit / 8] = address->bytes[bit / 8];
        if (bit >= address->prefix) last[bit / 8] |= mask;
    }
    if (address->prefix < 31) message_add(message, IFA_BROADCAST, last, sizeof last);
}

int rtnl_address(int rtnl, const char *link, const struct address *address)
{
    struct message message;
    int index = rtnl_link_index(rtnl, link);
    if (index < 0) return -1;
    struct ifaddrmsg info = {.ifa_family = (uint8_t)address->family,
                             .ifa_prefixlen = address->prefix,
                             .ifa_index = (uint32_t)index,
                             .ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0};
    message_begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof info);
    message_add(&message, IFA_LOCAL, address->bytes, address->size);
    message_add(&message, IFA_ADDRESS, address->bytes, address->size);
    if (address->family == AF_INET) add_broadcast(&message, address);
    return netlink_request(rtnl, &message) == 0 || errno == EEXIST ? 0 : -1;
}

int rtnl_up(int rtnl, const char *link)
{
    struct message message;
    struct ifinfomsg info = raised;
    info.ifi_index = rtnl_link_index(rtnl, link);
    if (info.ifi_index < 0) return -1;
    message_begin(&message, RTM_NEWLINK, 0, &info, sizeof info);
    return netlink_request(rtnl, &message);
}

int rtnl_route(int rtnl, const char *link, const struct address *destination, const struct address *gateway,
               uint32_t metric)
{
    struct message message;
    int index = rtnl_link_index(rtnl, link);
    if (index < 0) return -1;
    bool direct = gateway == NULL && destination->family == AF_INET;
    struct rtmsg info = {.rtm_family = (uint8_t)destination->family,
                         .rtm_dst_len = destination->prefix,
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_STATIC,
                         .rtm_scope = direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                         .rtm_type = RTN_UNICAST};
    message_begin(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof info);
    if (destination->prefix > 0) message_add(&message, RTA_DST, destination->bytes, destination->size);
    if (gateway != NULL) message_add(&message, RTA_GATEWAY, gateway->bytes, gateway->size);
    message_add_number(&message, RTA_OIF, (uint32_t)index);
    if (metric > 0) message_add_number(&message, RTA_PRIORITY, metric);
    return netlink_request(rtnl, &message);
}

int rtnl_delete_link(int rtnl, const char *name)
{
    struct message message;
    struct ifinfomsg info = {.ifi_index = rtnl_link_index(rtnl, name)};
    if (info.ifi_index < 0) return errno == ENODEV ? 0 : -1;
    message_begin(&message, RTM_DELLINK, 0, &info, sizeof info);
    return netlink_request(rtnl, &message) == 0 || errno == ENODEV ? 0 : -1;
}

int rtnl_delete_bridge(int rtnl, const char *name, const struct mac *mac)
{
    struct link link;
    if (rtnl_read_link(rtnl, name, &link) < 0) return errno == ENODEV ? 0 : -1;
    bool is_ours = strcmp(link.kind, "bridge") == 0 && memcmp(&link.mac, mac, sizeof *mac) == 0;
    return is_ours ? rtnl_delete_link(rtnl, name) : 0;
}
