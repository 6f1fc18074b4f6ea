#include "network/nft_chain.h"

#include "base/util.h"
#include "network/netlink.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#define MESSAGE(name) (NFNL_SUBSYS_NFTABLES << 8 | (name))

static const struct nfgenmsg inet = {.nfgen_family = NFPROTO_INET};

/* A number of an answer that is one message. -1 with errno. */
static int64_t ask_number(int socket, struct message *message, uint16_t attribute)
{
    _Alignas(struct nlmsghdr) char answer[4096];
    size_t length, offset = NLMSG_SPACE(sizeof inet);
    uint32_t number;
    long size = netlink_ask(socket, message, answer, sizeof answer);
    /* To a question without mistakes it means that there is nobody who answers: batches get EOPNOTSUPP then. */
    if (size < 0) return errno == EINVAL ? fail_with(EOPNOTSUPP) : -1;
    const void *data = size > (long)offset
                           ? find_attribute(answer + offset, (size_t)size - offset, attribute, &length)
                           : NULL;
    if (data == NULL || length != sizeof number) return fail_with(EPROTO);
    memcpy(&number, data, sizeof number);
    return ntohl(number);
}

/* How often the chain is used: its rules, and jumps to it. */
static int64_t chain_use(int socket, const char *table, const char *chain)
{
    struct message message;
    message_begin(&message, MESSAGE(NFT_MSG_GETCHAIN), 0, &inet, sizeof inet);
    message_add_text(&message, NFTA_CHAIN_TABLE, table);
    message_add_text(&message, NFTA_CHAIN_NAME, chain);
    return ask_number(socket, &message, NFTA_CHAIN_USE);
}

/* Another one after each transaction. */
static int64_t generation(int socket)
{
    struct message message;
    message_begin(&message, MESSAGE(NFT_MSG_GETGEN), 0, &inet, sizeof inet);
    return ask_number(socket, &message, NFTA_GEN_ID);
}

static int64_t list_rules(int socket, const char *table, const char *chain)
{
    struct message message;
    _Alignas(struct nlmsghdr) char answer[32768];
    int64_t count = 0;
    message_begin(&message, MESSAGE(NFT_MSG_GETRULE), NLM_F_DUMP, &inet, sizeof inet);
    message_add_text(&message, NFTA_RULE_TABLE, table);
    message_add_text(&message, NFTA_RULE_CHAIN, chain);
    long size = netlink_ask(socket, &message, answer, sizeof answer);
    for (; size >= 0; size = netlink_next(socket, answer, sizeof answer)) {
        const struct nlmsghdr *at = (const struct nlmsghdr *)answer;
        for (unsigned left = (unsigned)size; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            if (at->nlmsg_type == NLMSG_DONE) return count;
            if (at->nlmsg_type == MESSAGE(NFT_MSG_NEWRULE)) count++;
        }
    }
    return -1;
}

static int64_t count_once(int socket, const char *table, const char *chain)
{
    return chain_use(socket, table, chain) < 0 ? -1 : list_rules(socket, table, chain);
}

/*
 * While somebody replaces a table, `use` of the chain in the old one falls already, and who looks just when the new one
 * comes into force may see neither. So another number than the expected one is looked into: rules are listed as they are
 * in force, until two looks agree between which no transaction came. Two, as a transaction counts its generation a moment
 * before that is in force.
 */
int64_t nft_count_rules(int socket, const char *table, const char *chain, int64_t expected)
{
    if (socket < 0) return fail_with(EPROTONOSUPPORT);
    if (chain_use(socket, table, chain) == expected) return expected;
    int64_t now = generation(socket), rules = expected;
    bool agree = false;
    while (now >= 0 && !agree) {
        int64_t then = now, seen = rules;
        rules = count_once(socket, table, chain);
        if (rules < 0 && errno != ENOENT) return -1;
        now = generation(socket);
        agree = now == then && rules == seen;
    }
    if (now < 0) return -1;
    return rules < 0 ? fail_with(ENOENT) : rules;
}
