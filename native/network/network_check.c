#include "network/network_check.h"

#include "base/sysctl.h"
#include "base/util.h"
#include "network/netlink.h"
#include "network/network_file.h"
#include "network/rtnl_link.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

static int check_bridge(int rtnl, const char *name)
{
    struct link link;
    if (rtnl_read_link(rtnl, name, &link) < 0) return -1;
    if (strcmp(link.kind, "bridge") != 0) return fail_with(EEXIST);
    return link.flags & IFF_UP ? 0 : fail_with(ENETDOWN);
}

static bool is_address(const struct nlmsghdr *message, int link, const struct address *wanted)
{
    size_t length;
    const struct ifaddrmsg *info = NLMSG_DATA(message);
    if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < NLMSG_SPACE(sizeof *info)) return false;
    if (info->ifa_family != wanted->family || info->ifa_prefixlen != wanted->prefix ||
        (int)info->ifa_index != link)
        return false;
    const char *attributes = (const char *)message + NLMSG_SPACE(sizeof *info);
    size_t size = message->nlmsg_len - NLMSG_SPACE(sizeof *info);
    /* Of IPv6 the address stands in one attribute only. */
    const void *at = find_attribute(attributes, size, IFA_LOCAL, &length);
    if (at == NULL) at = find_attribute(attributes, size, IFA_ADDRESS, &length);
    return at != NULL && length == wanted->size && memcmp(at, wanted->bytes, length) == 0;
}

/* The kernel tells all addresses of the family, in several messages: all of them have to be read. */
static int check_address(int rtnl, const char *name, const struct address *wanted)
{
    struct message message;
    _Alignas(struct nlmsghdr) char answer[32768];
    struct ifaddrmsg info = {.ifa_family = (uint8_t)wanted->family};
    int link = rtnl_link_index(rtnl, name);
    bool found = false;
    if (link < 0) return -1;
    message_begin(&message, RTM_GETADDR, NLM_F_DUMP, &info, sizeof info);
    long size = netlink_ask(rtnl, &message, answer, sizeof answer);
    for (; size >= 0; size = netlink_next(rtnl, answer, sizeof answer)) {
        struct nlmsghdr *at = (struct nlmsghdr *)answer;
        for (unsigned left = (unsigned)size; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            if (at->nlmsg_type == NLMSG_DONE) return found ? 0 : fail_with(EADDRNOTAVAIL);
            found = found || is_address(at, link, wanted);
        }
    }
    return -1;
}

/* A container that is gone has no end here, and a bridge that is gone is told by itself. */
static int check_port(int rtnl, const char *name, const char *bridge_name)
{
    struct link link;
    int bridge = rtnl_link_index(rtnl, bridge_name);
    if (bridge < 0 || rtnl_read_link(rtnl, name, &link) < 0) return errno == ENODEV ? 0 : -1;
    return link.master == (uint32_t)bridge ? 0 : fail_with(ENOTCONN);
}

/* The stage is that of the step; STAGE_NETWORK: there is nothing to be looked at. */
static enum stage check(int rtnl, const struct record *record)
{
    struct address address;
    const char *const *arg = record->arg;
    switch (record->op) {
    case OP_BRIDGE:
        return check_bridge(rtnl, arg[0]) < 0 ? STAGE_BRIDGE : STAGE_NETWORK;
    case OP_ADDRESS:
        if (parse_address(arg[1], &address) == 0 && check_address(rtnl, arg[0], &address) == 0)
            return STAGE_NETWORK;
        return STAGE_ADDRESS;
    case OP_NETWORK_SYSCTL:
    case OP_NETWORK_SYSCTL_OPTIONAL:
        if (check_sysctl(arg[0], arg[1]) == 0) return STAGE_NETWORK;
        return record->op == OP_NETWORK_SYSCTL_OPTIONAL && errno == ENOENT ? STAGE_NETWORK : STAGE_SYSCTL;
    case OP_REJOIN:
        return check_port(rtnl, arg[0], arg[1]) < 0 ? STAGE_VETH : STAGE_NETWORK;
    default:
        return STAGE_NETWORK;
    }
}

int network_check(const struct network_sockets *sockets, const char *path, flaw_found *found)
{
    owned(network_file_close) struct network_file network;
    if (network_file_open(&network, path) < 0) return -1;
    for (struct record record = {.end = NULL}; network_next(&network, NETWORK_HOST, &record);) {
        enum stage stage = check(sockets->rtnl, &record);
        if (stage != STAGE_NETWORK) found(stage, errno, record.arg[0]);
    }
    return 0;
}
