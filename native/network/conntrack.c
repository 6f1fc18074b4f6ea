#include "network/conntrack.h"

#include "base/util.h"
#include "network/netlink.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define GET (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET)
#define ENTRY (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW)
#define DELETE (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE)

/* CTA_FILTER_ORIG_FLAGS, since Linux 5.8: what of the tuple counts. */
#define FILTER_DESTINATION (1 << 1)
#define FILTER_PROTOCOL (1 << 3)
#define FILTER_DESTINATION_PORT (1 << 5)

/* The kernel goes through its table for each filter; for more ports than this one question for all is less work. */
#define FILTERS_MOST 8

enum { QUESTION = 1, DELETION };

struct bytes {
    const void *data;
    size_t size;
};

static struct bytes attribute(struct bytes among, uint16_t type)
{
    struct bytes found = {NULL, 0};
    found.data = find_attribute(among.data, among.size, type, &found.size);
    return found.data == NULL ? (struct bytes){"", 0} : found;
}

static struct bytes attributes_of(const struct nlmsghdr *message)
{
    size_t header = NLMSG_SPACE(sizeof(struct nfgenmsg));
    if (message->nlmsg_len <= header) return (struct bytes){"", 0};
    return (struct bytes){(const char *)message + header, message->nlmsg_len - header};
}

static bool is_every_address(const struct address *address)
{
    static const uint8_t zeros[sizeof address->bytes];
    return memcmp(address->bytes, zeros, address->size) == 0;
}

static uint16_t destination_type(int family)
{
    return family == AF_INET6 ? CTA_IP_V6_DST : CTA_IP_V4_DST;
}

static void add_filter(struct message *message, uint32_t flags)
{
    size_t filter = message_nest(message, CTA_FILTER | NLA_F_NESTED);
    message_add_number(message, CTA_FILTER_ORIG_FLAGS, flags);
    message_end(message, filter);
}

static void add_protocol(struct message *message, const uint16_t *port)
{
    uint8_t protocol = IPPROTO_UDP;
    size_t part = message_nest(message, CTA_TUPLE_PROTO | NLA_F_NESTED);
    message_add(message, CTA_PROTO_NUM, &protocol, sizeof protocol);
    if (port != NULL) message_add(message, CTA_PROTO_DST_PORT, port, sizeof *port);
    message_end(message, part);
}

/*
 * The kernel looks for them itself, and passes over what is empty of its table, which is most of it. Older ones (6.1) take
 * the tuple for one that is whole, and say EINVAL; without a tuple they would delete everything.
 */
static int delete_filtered(int socket, const struct host_port *port)
{
    struct message message;
    const struct address *address = &port->address;
    struct nfgenmsg about = {.nfgen_family = (uint8_t)address->family, .version = 1 /* the family counts */};
    uint16_t number = htons(port->port);
    uint32_t flags = FILTER_PROTOCOL | FILTER_DESTINATION_PORT;
    message_begin(&message, DELETE, 0, &about, sizeof about);
    size_t tuple = message_nest(&message, CTA_TUPLE_ORIG | NLA_F_NESTED);
    if (!is_every_address(address)) {
        size_t part = message_nest(&message, CTA_TUPLE_IP | NLA_F_NESTED);
        message_add(&message, destination_type(address->family), address->bytes, address->size);
        message_end(&message, part);
        flags |= FILTER_DESTINATION;
    }
    add_protocol(&message, &number);
    message_end(&message, tuple);
    add_filter(&message, flags);
    return netlink_request(socket, &message);
}

/* A question for all of a family. Kernels before Linux 5.8 tell of other protocols as well. */
static int ask(int socket, uint8_t family)
{
    struct message message;
    struct nfgenmsg about = {.nfgen_family = family};
    message_begin(&message, GET, NLM_F_DUMP, &about, sizeof about);
    message.header.nlmsg_seq = QUESTION;
    size_t tuple = message_nest(&message, CTA_TUPLE_ORIG | NLA_F_NESTED);
    add_protocol(&message, NULL);
    message_end(&message, tuple);
    add_filter(&message, FILTER_PROTOCOL);
    return send(socket, &message, message.header.nlmsg_len, 0) < 0 ? -1 : 0;
}

/* The destination of a flow's first datagram. */
struct destination {
    uint16_t port; /* 0: it is none of UDP */
    struct bytes address;
};

static struct destination destination_of(const struct nlmsghdr *entry)
{
    const struct nfgenmsg *about = NLMSG_DATA(entry);
    struct bytes tuple = attribute(attributes_of(entry), CTA_TUPLE_ORIG);
    struct bytes transport = attribute(tuple, CTA_TUPLE_PROTO);
    struct bytes protocol = attribute(transport, CTA_PROTO_NUM);
    struct bytes port = attribute(transport, CTA_PROTO_DST_PORT);
    struct destination found = {
        .address = attribute(attribute(tuple, CTA_TUPLE_IP), destination_type(about->nfgen_family))};
    bool is_udp = protocol.size == 1 && *(const uint8_t *)protocol.data == IPPROTO_UDP;
    if (!is_udp || port.size != sizeof found.port) return found;
    memcpy(&found.port, port.data, sizeof found.port);
    found.port = ntohs(found.port);
    return found;
}

static bool is_at(const struct destination *flow, const struct host_port *port)
{
    const struct address *address = &port->address;
    if (flow->port != port->port || flow->address.size != address->size) return false;
    return is_every_address(address) || memcmp(flow->address.data, address->bytes, address->size) == 0;
}

/*
 * Deletes an entry by its id as well: it may have ended, and another one begun that looks alike. That nothing was there
 * is fine.
 */
static int delete_entry(int socket, const struct nlmsghdr *entry)
{
    struct message message;
    struct bytes all = attributes_of(entry), id = attribute(all, CTA_ID), zone = attribute(all, CTA_ZONE);
    struct bytes tuple = attribute(all, CTA_TUPLE_ORIG);
    message_begin(&message, DELETE, 0, NLMSG_DATA(entry), sizeof(struct nfgenmsg));
    message.header.nlmsg_seq = DELETION;
    message_add(&message, CTA_TUPLE_ORIG | NLA_F_NESTED, tuple.data, tuple.size);
    if (id.size > 0) message_add(&message, CTA_ID, id.data, id.size);
    if (zone.size > 0) message_add(&message, CTA_ZONE, zone.data, zone.size);
    return send(socket, &message, message.header.nlmsg_len, 0) < 0 ? -1 : 0;
}

static int delete_if_wanted(int socket, const struct nlmsghdr *entry, const struct host_port *ports,
                            size_t count)
{
    struct destination flow = destination_of(entry);
    for (size_t i = 0; flow.port != 0 && i < count; i++) {
        if (is_at(&flow, &ports[i])) return delete_entry(socket, entry);
    }
    return 0;
}

/* Answers to deletions stand between those to the question, and behind the last. */
static int read_entries(int socket, const struct host_port *ports, size_t count)
{
    _Alignas(struct nlmsghdr) static char answer[64 << 10];
    for (bool done = false;;) {
        ssize_t size = recv(socket, answer, sizeof answer, done ? MSG_DONTWAIT : 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return done && errno == EAGAIN ? 0 : -1;
        int rest = (int)size;
        for (struct nlmsghdr *at = (struct nlmsghdr *)answer; NLMSG_OK(at, rest); at = NLMSG_NEXT(at, rest)) {
            if (at->nlmsg_seq != QUESTION) continue;
            if (at->nlmsg_type == NLMSG_ERROR)
                return fail_with(-((const struct nlmsgerr *)NLMSG_DATA(at))->error);
            done = done || at->nlmsg_type == NLMSG_DONE;
            if (at->nlmsg_type == ENTRY && delete_if_wanted(socket, at, ports, count) < 0) return -1;
        }
    }
}

static bool has_family(const struct host_port *ports, size_t count, int family)
{
    for (size_t i = 0; i < count; i++) {
        if (ports[i].address.family == family) return true;
    }
    return false;
}

/* Takes ten milliseconds where the kernel's table is large, however little is in it. */
static int delete_one_by_one(int socket, const struct host_port *ports, size_t count)
{
    const int families[] = {AF_INET, AF_INET6};
    for (int i = 0; i < 2; i++) {
        if (!has_family(ports, count, families[i])) continue;
        if (ask(socket, (uint8_t)families[i]) < 0 || read_entries(socket, ports, count) < 0) return -1;
    }
    return 0;
}

static int delete_each_filtered(int socket, const struct host_port *ports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (delete_filtered(socket, &ports[i]) < 0) return -1;
    }
    return 0;
}

int conntrack_forget_udp(int socket, const struct host_port *ports, size_t count)
{
    bool few = count <= FILTERS_MOST;
    int result = few ? delete_each_filtered(socket, ports, count) : delete_one_by_one(socket, ports, count);
    if (result < 0 && errno == EINVAL && few) result = delete_one_by_one(socket, ports, count);
    /* To a question without mistakes EINVAL means that there is nobody who answers. */
    return result == 0 || errno == EINVAL || errno == EOPNOTSUPP || errno == EPROTONOSUPPORT ? 0 : -1;
}
