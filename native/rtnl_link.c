#include "rtnl_link.h"

#include "netlink.h"
#include "util.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* The ioctl is answered on any socket. */
int rtnl_link_index(int rtnl, const char *name)
{
    struct ifreq request = {0};
    if (snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name) >= (int)sizeof request.ifr_name)
        return fail_with(ENODEV);
    return ioctl(rtnl, SIOCGIFINDEX, &request) < 0 ? -1 : request.ifr_ifindex;
}

static uint32_t number_attribute(const void *attributes, size_t size, uint16_t type)
{
    size_t length;
    uint32_t number = 0;
    const void *data = find_attribute(attributes, size, type, &length);
    if (data != NULL && length == sizeof number) memcpy(&number, data, sizeof number);
    return number;
}

/* Of each family the kernel tells its settings of the link as an array, in which forwarding is the first of both. */
static enum forwarding_state forwarding(const void *attributes, size_t size, uint16_t family, uint16_t settings)
{
    size_t length;
    uint32_t first;
    const void *at = find_attribute(attributes, size, IFLA_AF_SPEC, &length);
    if (at != NULL) at = find_attribute(at, length, family, &length);
    if (at != NULL) at = find_attribute(at, length, settings, &length);
    if (at == NULL || length < sizeof first) return FORWARDING_UNKNOWN;
    memcpy(&first, at, sizeof first);
    return first != 0 ? FORWARDING_ON : FORWARDING_OFF;
}

int rtnl_read_link(int rtnl, const char *name, struct link *link)
{
    struct message message;
    _Alignas(struct nlmsghdr) char answer[16384];
    message_begin(&message, RTM_GETLINK, 0, &(struct ifinfomsg){0}, sizeof(struct ifinfomsg));
    message_add_number(&message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    message_add_text(&message, IFLA_IFNAME, name);
    if (strlen(name) >= IFNAMSIZ) return fail_with(ENODEV);
    long size = netlink_ask(rtnl, &message, answer, sizeof answer);
    if (size < 0) return -1;
    if (size < (long)NLMSG_SPACE(sizeof(struct ifinfomsg))) return fail_with(EPROTO);
    const struct ifinfomsg *info = NLMSG_DATA((struct nlmsghdr *)answer);
    const char *attributes = answer + NLMSG_SPACE(sizeof *info);
    size_t length, kind_length, mac_length, rest = (size_t)(answer + size - attributes);
    *link = (struct link){.index = info->ifi_index,
                          .flags = info->ifi_flags,
                          .forwarding4 = forwarding(attributes, rest, AF_INET, IFLA_INET_CONF),
                          .forwarding6 = forwarding(attributes, rest, AF_INET6, IFLA_INET6_CONF),
                          .master = number_attribute(attributes, rest, IFLA_MASTER),
                          .mtu = number_attribute(attributes, rest, IFLA_MTU)};
    const void *mac = find_attribute(attributes, rest, IFLA_ADDRESS, &mac_length);
    if (mac != NULL && mac_length == sizeof link->mac) memcpy(&link->mac, mac, sizeof link->mac);
    const void *details = find_attribute(attributes, rest, IFLA_LINKINFO, &length);
    const void *kind =
        details != NULL ? find_attribute(details, length, IFLA_INFO_KIND, &kind_length) : NULL;
    if (kind != NULL) snprintf(link->kind, sizeof link->kind, "%.*s", (int)kind_length, (const char *)kind);
    return 0;
}
