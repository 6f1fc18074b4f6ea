#include "network/rtnl_link.h"

#include "base/util.h"
#include "network/netlink.h"

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

/*
 * Reads the setting of one family: of each the kernel tells its settings of the link as an array, in which forwarding
 * is the first of both.
 */
static enum forwarding_state forwarding(const void *attributes, size_t size, uint16_t family,
                                        uint16_t settings)
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

/* Empty when it is not there. */
static void copy_text(char *text, size_t room, const void *attributes, size_t size, uint16_t type)
{
    size_t length = 0;
    const char *data = find_attribute(attributes, size, type, &length);
    snprintf(text, room, "%.*s", (int)length, data != NULL ? data : "");
}

/* The message is one of a link. */
static int decode_link(const struct nlmsghdr *message, struct link *link)
{
    if (message->nlmsg_len < NLMSG_SPACE(sizeof(struct ifinfomsg))) return fail_with(EPROTO);
    const struct ifinfomsg *info = NLMSG_DATA(message);
    const char *attributes = (const char *)message + NLMSG_SPACE(sizeof *info);
    size_t length, rest = message->nlmsg_len - NLMSG_SPACE(sizeof *info);
    *link = (struct link){.index = info->ifi_index,
                          .flags = info->ifi_flags,
                          .forwarding4 = forwarding(attributes, rest, AF_INET, IFLA_INET_CONF),
                          .forwarding6 = forwarding(attributes, rest, AF_INET6, IFLA_INET6_CONF),
                          .master = number_attribute(attributes, rest, IFLA_MASTER),
                          .mtu = number_attribute(attributes, rest, IFLA_MTU)};
    const void *mac = find_attribute(attributes, rest, IFLA_ADDRESS, &length);
    link->has_mac = mac != NULL && length == sizeof link->mac;
    if (link->has_mac) memcpy(&link->mac, mac, sizeof link->mac);
    copy_text(link->name, sizeof link->name, attributes, rest, IFLA_IFNAME);
    copy_text(link->alias, sizeof link->alias, attributes, rest, IFLA_IFALIAS);
    const void *details = find_attribute(attributes, rest, IFLA_LINKINFO, &length);
    if (details != NULL) copy_text(link->kind, sizeof link->kind, details, length, IFLA_INFO_KIND);
    return 0;
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
    const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
    return NLMSG_OK(header, (unsigned)size) ? decode_link(header, link) : fail_with(EPROTO);
}

static int write_link(const struct link *link, int out)
{
    char text[512], mac[18] = "";
    const uint8_t *byte = link->mac.bytes;
    if (link->has_mac)
        snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", byte[0], byte[1], byte[2], byte[3],
                 byte[4], byte[5]);
    int length = snprintf(text, sizeof text, "%d%c%s%c%u%c%s%c%s%c%s", link->index, 0, link->name, 0,
                          link->master, 0, link->kind, 0, mac, 0, link->alias);
    return write_all(out, text, (size_t)length + 1);
}

/* Writes a part of the dump: 1 at its end, 0 when more comes. */
static int write_links(const char *answer, long size, int out)
{
    struct link link;
    unsigned rest = (unsigned)size;
    for (const struct nlmsghdr *at = (const struct nlmsghdr *)answer; NLMSG_OK(at, rest);
         at = NLMSG_NEXT(at, rest)) {
        if (at->nlmsg_type == NLMSG_DONE) return 1;
        if (at->nlmsg_type != RTM_NEWLINK) continue;
        if (decode_link(at, &link) < 0 || write_link(&link, out) < 0) return -1;
    }
    return 0;
}

int rtnl_list_links(int rtnl, int out)
{
    struct message message;
    _Alignas(struct nlmsghdr) static char answer[64 << 10];
    message_begin(&message, RTM_GETLINK, NLM_F_DUMP, &(struct ifinfomsg){0}, sizeof(struct ifinfomsg));
    message_add_number(&message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    long size = netlink_ask(rtnl, &message, answer, sizeof answer);
    for (; size >= 0; size = netlink_next(rtnl, answer, sizeof answer)) {
        int result = write_links(answer, size, out);
        if (result != 0) return result < 0 ? -1 : 0;
    }
    return -1;
}
