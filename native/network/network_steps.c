#include "network/network_steps.h"

#include "base/report.h"
#include "base/sysctl.h"
#include "base/util.h"
#include "network/conntrack.h"
#include "network/network_file.h"
#include "network/nft.h"
#include "network/rtnl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_mac(const char *text, struct mac *mac)
{
    for (int i = 0; i < 6; i++, text += 3) {
        uint64_t byte;
        char digits[3] = {text[0], text[0] != '\0' ? text[1] : '\0'};
        if (strlen(digits) != 2 || parse_unsigned(digits, 16, &byte) < 0) return fail_with(EINVAL);
        if (text[2] != (i < 5 ? ':' : '\0')) return fail_with(EINVAL);
        mac->bytes[i] = (uint8_t)byte;
    }
    return 0;
}

static int parse_small(const char *text, uint32_t *value)
{
    uint64_t number;
    if (parse_unsigned(text, 10, &number) < 0) return -1;
    *value = (uint32_t)number;
    return number <= INT32_MAX ? 0 : fail_with(EINVAL);
}

int parse_address(const char *text, struct address *address)
{
    char bytes[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    uint32_t prefix;
    if (length >= sizeof bytes) return fail_with(EINVAL);
    snprintf(bytes, sizeof bytes, "%.*s", (int)length, text);
    *address = (struct address){.family = strchr(bytes, ':') != NULL ? AF_INET6 : AF_INET};
    address->size = address->family == AF_INET6 ? 16 : 4;
    address->prefix = (uint8_t)(8 * address->size);
    if (inet_pton(address->family, bytes, address->bytes) != 1) return fail_with(EINVAL);
    if (text[length] == '\0') return 0;
    if (parse_small(text + length + 1, &prefix) < 0 || prefix > address->prefix) return fail_with(EINVAL);
    address->prefix = (uint8_t)prefix;
    return 0;
}

static int parse_link(const char *name, const char *mac, const char *mtu, int container,
                      struct container_link *link)
{
    *link = (struct container_link){.name = name, .network_namespace = container};
    if (container < 0) return fail_with(EINVAL);
    return parse_mac(mac, &link->mac) < 0 || parse_small(mtu, &link->mtu) < 0 ? -1 : 0;
}

static int make_bridge(int rtnl, const char *const *arg)
{
    struct mac mac;
    uint32_t mtu;
    if (parse_mac(arg[1], &mac) < 0 || parse_small(arg[2], &mtu) < 0) return -1;
    return rtnl_bridge(rtnl, arg[0], &mac, mtu);
}

/* Words joined by commas, or nothing: what the port is like, and what the bridge has to do for it. */
static int parse_port_flags(const char *text, struct port_flags *flags, struct forwarding *forwarding)
{
    const struct {
        const char *word;
        bool *flag;
    } known[] = {{"isolated", &flags->isolated},
                 {"hairpin", &flags->hairpin},
                 {"forwarding4", &forwarding->v4},
                 {"forwarding6", &forwarding->v6}};
    *flags = (struct port_flags){0};
    *forwarding = (struct forwarding){0};
    while (*text != '\0') {
        size_t length = strcspn(text, ","), i = 0;
        while (i < sizeof known / sizeof *known &&
               (strlen(known[i].word) != length || strncmp(text, known[i].word, length) != 0))
            i++;
        if (i == sizeof known / sizeof *known) return fail_with(EINVAL);
        *known[i].flag = true;
        text += length + (text[length] == ',');
    }
    return 0;
}

static int make_veth(int rtnl, int container, const char *const *arg)
{
    struct container_link link;
    struct port_flags flags;
    struct forwarding forwarding;
    if (parse_port_flags(arg[5], &flags, &forwarding) < 0) return -1;
    if (parse_link(arg[2], arg[3], arg[4], container, &link) < 0) return -1;
    if (rtnl_veth(rtnl, arg[0], arg[1], forwarding, &link) < 0) return -1;
    return flags.isolated || flags.hairpin ? rtnl_port_flags(rtnl, arg[0], flags) : 0;
}

/* The flags as of a veth. */
static int rejoin(int rtnl, const char *const *arg)
{
    struct port_flags flags;
    struct forwarding forwarding;
    if (parse_port_flags(arg[2], &flags, &forwarding) < 0 || rtnl_rejoin(rtnl, arg[0], arg[1]) < 0) return -1;
    if ((!flags.isolated && !flags.hairpin) || rtnl_port_flags(rtnl, arg[0], flags) == 0) return 0;
    return errno == ENODEV ? 0 : -1;
}

static int make_macvlan(int rtnl, int container, const char *const *arg)
{
    struct container_link link;
    if (parse_link(arg[1], arg[2], arg[3], container, &link) < 0) return -1;
    return rtnl_macvlan(rtnl, arg[0], arg[4], &link);
}

static int add_address(int rtnl, const char *const *arg)
{
    struct address address;
    return parse_address(arg[1], &address) < 0 ? -1 : rtnl_address(rtnl, arg[0], &address);
}

static int add_route(int rtnl, const char *const *arg)
{
    struct address destination, gateway;
    uint32_t metric;
    bool has_gateway = *arg[2] != '\0', is_default = strcmp(arg[1], "default") == 0;
    if (parse_small(arg[3], &metric) < 0 || (has_gateway && parse_address(arg[2], &gateway) < 0)) return -1;
    if (is_default && !has_gateway) return fail_with(EINVAL); /* of which family? */
    if (is_default)
        destination = (struct address){.family = gateway.family, .size = gateway.size};
    else if (parse_address(arg[1], &destination) < 0)
        return -1;
    if (has_gateway && gateway.family != destination.family) return fail_with(EINVAL);
    return rtnl_route(rtnl, arg[0], &destination, has_gateway ? &gateway : NULL, metric);
}

int failed_at(enum stage stage, const char *const *words, int count)
{
    char detail[256];
    int length = 0, error = errno;
    for (int i = 0; i < count && length < (int)sizeof detail; i++) {
        if (*words[i] == '\0') continue;
        length +=
            snprintf(detail + length, sizeof detail - (size_t)length, "%s%s", i > 0 ? " " : "", words[i]);
    }
    errno = error;
    return failed(stage, detail);
}

int nft_step(int socket, const char *hex)
{
    owned(nft_free) struct nft_messages messages;
    char detail[256] = "nf_tables";
    if (nft_decode(&messages, hex) < 0 || nft_transaction(socket, &messages, detail, sizeof detail) < 0)
        return failed(STAGE_NFT, detail);
    return 0;
}

/* When one of them is not there any more the others still have to go. */
static int nft_remove(int socket, const char *hex)
{
    owned(nft_free) struct nft_messages messages;
    char detail[256] = "nf_tables";
    if (nft_decode(&messages, hex) < 0) return failed(STAGE_NFT_REMOVE, detail);
    if (nft_transaction(socket, &messages, detail, sizeof detail) == 0) return 0;
    if (errno == EPROTONOSUPPORT || errno == EOPNOTSUPP) return 0; /* no nf_tables: nothing can be there */
    if (errno == ENOENT && nft_each(socket, &messages, detail, sizeof detail) == 0) return 0;
    return failed(STAGE_NFT_REMOVE, detail);
}

static int parse_host_port(const char *address, const char *number, struct host_port *port)
{
    uint32_t value;
    if (parse_address(address, &port->address) < 0 || parse_small(number, &value) < 0) return -1;
    port->port = (uint16_t)value;
    return value <= UINT16_MAX ? 0 : fail_with(EINVAL);
}

/* Pairs of address and port. */
static int forget_udp(int socket, const struct record *record)
{
    size_t count = record->count / 2;
    const char *at = record->arg[0];
    struct host_port *ports = record->count % 2 == 0 ? calloc(count, sizeof *ports) : NULL;
    int result = ports != NULL ? 0 : fail_with(EINVAL);
    for (size_t i = 0; i < count && result == 0; i++, at = next_field(next_field(at)))
        result = parse_host_port(at, next_field(at), &ports[i]);
    if (result == 0) result = conntrack_forget_udp(socket, ports, count);
    int error = errno;
    free(ports);
    return result == 0 ? 0 : fail_with(error);
}

static int set_sysctl(const char *const *arg, bool optional)
{
    if (write_sysctl(arg[0], arg[1]) == 0 || (optional && errno == ENOENT)) return 0;
    return failed(STAGE_SYSCTL, arg[0]);
}

int network_step(const struct network_sockets *sockets, int container, const struct record *record)
{
    int rtnl = sockets->rtnl;
    const char *const *arg = record->arg;
    switch (record->op) {
    case OP_BRIDGE:
        return make_bridge(rtnl, arg) < 0 ? failed(STAGE_BRIDGE, arg[0]) : 0;
    case OP_ALIAS:
        return rtnl_alias(rtnl, arg[0], arg[1]) < 0 ? failed(STAGE_ALIAS, arg[0]) : 0;
    case OP_VETH:
        return make_veth(rtnl, container, arg) < 0 ? failed(STAGE_VETH, arg[1]) : 0;
    case OP_REJOIN:
        return rejoin(rtnl, arg) < 0 ? failed(STAGE_VETH, arg[1]) : 0;
    case OP_MACVLAN:
        return make_macvlan(rtnl, container, arg) < 0 ? failed(STAGE_MACVLAN, arg[0]) : 0;
    case OP_ADDRESS:
        return add_address(rtnl, arg) < 0 ? failed_at(STAGE_ADDRESS, arg, 2) : 0;
    case OP_UP:
        return rtnl_up(rtnl, arg[0]) < 0 ? failed(STAGE_UP, arg[0]) : 0;
    case OP_ROUTE:
        return add_route(rtnl, arg) < 0 ? failed_at(STAGE_ROUTE, arg, 3) : 0;
    case OP_DELETE_LINK:
        return rtnl_delete_link(rtnl, arg[0]) < 0 ? failed(STAGE_DELETE_LINK, arg[0]) : 0;
    case OP_NETWORK_SYSCTL:
    case OP_NETWORK_SYSCTL_OPTIONAL:
        return set_sysctl(arg, record->op == OP_NETWORK_SYSCTL_OPTIONAL);
    case OP_FORGET_UDP:
        return forget_udp(sockets->nft, record) < 0 ? failed_at(STAGE_FORGET_UDP, arg, 2) : 0;
    default: /* OP_NFT: others do not stand in these sections */
        return nft_step(sockets->nft, arg[0]);
    }
}

static int delete_bridge(int rtnl, const char *const *arg)
{
    struct mac mac;
    return parse_mac(arg[1], &mac) < 0 ? -1 : rtnl_delete_bridge(rtnl, arg[0], &mac);
}

int network_undo_step(const struct network_sockets *sockets, const struct record *record)
{
    const char *object = record->arg[0];
    switch (record->op) {
    case OP_NFT_REMOVE:
        return nft_remove(sockets->nft, object);
    case OP_FORGET_UDP:
        return forget_udp(sockets->nft, record) < 0 ? failed_at(STAGE_FORGET_UDP, record->arg, 2) : 0;
    case OP_UNLINK:
        return unlink(object) == 0 || errno == ENOENT ? 0 : failed(STAGE_UNLINK, object);
    case OP_DELETE_BRIDGE:
        return delete_bridge(sockets->rtnl, record->arg) < 0 ? failed(STAGE_DELETE_LINK, object) : 0;
    default: /* OP_DELETE_LINK */
        return rtnl_delete_link(sockets->rtnl, object) < 0 ? failed(STAGE_DELETE_LINK, object) : 0;
    }
}
