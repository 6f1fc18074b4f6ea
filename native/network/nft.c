#include "network/nft.h"

#include "base/descriptors.h"
#include "base/util.h"
#include "network/netlink.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int nft_decode(struct nft_messages *messages, const char *hex)
{
    size_t digits = strlen(hex);
    *messages = (struct nft_messages){malloc(digits / 2 + 1), digits / 2};
    if (messages->data == NULL) return -1;
    for (size_t i = 0; i < messages->size; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) return fail_with(EINVAL);
        messages->data[i] = (char)(high << 4 | low);
    }
    return digits % 2 == 0 ? 0 : fail_with(EINVAL);
}

void nft_free(struct nft_messages *messages)
{
    free(messages->data);
    messages->data = NULL;
}

int nft_open(void)
{
    return netlink_open(NETLINK_NETFILTER);
}

/*
 * A socket that waits to be received from itself is nobody's, and the kernel collects it, with what waits beside it: in
 * a thread of its own since Linux 6.8, and before by whoever closes it.
 */
void nft_leave(int *fd)
{
    int pair[2];
    if (*fd >= 0 && socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0) {
        if (send_descriptor(pair[0], *fd) == 0) send_descriptor(pair[0], pair[1]);
        close_fd(fd);
        close(pair[1]);
        close(pair[0]);
    }
    close_fd(fd);
}

/* Steps from one message to the next: begin with NULL. NULL at the end, and for what is no message, with `size` left. */
static struct nlmsghdr *next_message(const struct nft_messages *messages, struct nlmsghdr *message)
{
    char *end = messages->data + messages->size;
    char *at = message == NULL ? messages->data : (char *)message + message->nlmsg_len;
    if (at > end || end - at < (long)NLMSG_SPACE(sizeof(struct nfgenmsg))) return NULL;
    struct nlmsghdr *next = (struct nlmsghdr *)at;
    bool whole = next->nlmsg_len >= NLMSG_SPACE(sizeof(struct nfgenmsg)) && next->nlmsg_len <= end - at &&
                 next->nlmsg_len % NLMSG_ALIGNTO == 0;
    return whole ? next : NULL;
}

/* Numbers the messages from 1. -1 with EINVAL when they are none, or something else follows. */
static int number_messages(const struct nft_messages *messages)
{
    struct nlmsghdr *message = NULL;
    uint32_t sequence = 0;
    size_t covered = 0;
    while ((message = next_message(messages, message)) != NULL) {
        message->nlmsg_seq = ++sequence;
        message->nlmsg_flags |= NLM_F_REQUEST;
        covered = (size_t)((char *)message - messages->data) + message->nlmsg_len;
    }
    return covered == messages->size && sequence > 0 ? 0 : fail_with(EINVAL);
}

/* Text of the first attribute of one of these types, each message's being numbered in the same way: 1 is the table. */
static const char *text_of(const struct nlmsghdr *message, uint16_t type)
{
    size_t length, offset = NLMSG_SPACE(sizeof(struct nfgenmsg));
    const char *text =
        find_attribute((const char *)message + offset, message->nlmsg_len - offset, type, &length);
    return text != NULL && length > 0 && text[length - 1] == '\0' ? text : NULL;
}

/* Sets, their elements and rules have their second name in attribute 2, chains in 3. */
static void describe(const struct nft_messages *messages, uint32_t sequence, char *detail, size_t size)
{
    struct nlmsghdr *message = NULL;
    snprintf(detail, size, "nf_tables");
    while ((message = next_message(messages, message)) != NULL) {
        if (message->nlmsg_seq != sequence) continue;
        uint8_t kind = message->nlmsg_type & 0xff;
        bool is_table = kind == NFT_MSG_NEWTABLE || kind == NFT_MSG_DELTABLE;
        bool is_chain = kind == NFT_MSG_NEWCHAIN || kind == NFT_MSG_DELCHAIN;
        const char *table = text_of(message, NFTA_RULE_TABLE);
        const char *other = is_table ? NULL : text_of(message, is_chain ? NFTA_CHAIN_NAME : NFTA_RULE_CHAIN);
        if (table == NULL) return;
        snprintf(detail, size, "%s%s%s", table, other != NULL ? " " : "", other != NULL ? other : "");
    }
}

/*
 * Reads what the kernel refused, which is there when sendmsg(2) returns: it has performed the batch by then. It may
 * have refused several messages: all of that is read, or it would be taken for the answer to what is asked next. 0, or
 * the errno of the first one.
 */
static int read_refusal(int socket, uint32_t *sequence)
{
    _Alignas(struct nlmsghdr) char answer[8192];
    int refusal = 0;
    for (;;) {
        ssize_t size = recv(socket, answer, sizeof answer, MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return errno == EAGAIN || refusal != 0 ? refusal : errno;
        int rest = (int)size;
        for (struct nlmsghdr *at = (struct nlmsghdr *)answer; NLMSG_OK(at, rest); at = NLMSG_NEXT(at, rest)) {
            const struct nlmsgerr *error = NLMSG_DATA(at);
            if (at->nlmsg_type != NLMSG_ERROR || error->error == 0 || refusal != 0) continue;
            *sequence = error->msg.nlmsg_seq;
            refusal = -error->error;
        }
    }
}

/* A message goes to the kernel as a whole, for which the socket must have room. */
static void make_room(int socket, size_t size)
{
    int room = (int)(size + 4096);
    if (size < 64 << 10) return;
    if (setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

/* Sends a batch. -1 with errno, and the number of the message that was refused, 0 for the batch. */
static int send_batch(int socket, const struct nft_messages *messages, uint32_t *sequence)
{
    struct envelope {
        struct nlmsghdr header;
        struct nfgenmsg family;
    } begin = {.header = {.nlmsg_len = sizeof begin,
                          .nlmsg_type = NFNL_MSG_BATCH_BEGIN,
                          .nlmsg_flags = NLM_F_REQUEST},
               .family = {.res_id = htons(NFNL_SUBSYS_NFTABLES)}},
      end = begin;
    end.header.nlmsg_type = NFNL_MSG_BATCH_END;
    struct iovec parts[] = {{&begin, sizeof begin}, {messages->data, messages->size}, {&end, sizeof end}};
    struct msghdr packet = {.msg_iov = parts, .msg_iovlen = 3};
    *sequence = 0;
    make_room(socket, messages->size);
    if (sendmsg(socket, &packet, 0) < 0) return -1;
    int refusal = read_refusal(socket, sequence);
    return refusal == 0 ? 0 : fail_with(refusal);
}

int nft_transaction(int socket, const struct nft_messages *messages, char *detail, size_t size)
{
    uint32_t sequence;
    snprintf(detail, size, "nf_tables");
    if (messages->size == 0) return 0;
    if (socket < 0) return fail_with(EPROTONOSUPPORT);
    if (number_messages(messages) < 0) return -1;
    if (send_batch(socket, messages, &sequence) == 0) return 0;
    int error = errno;
    describe(messages, sequence, detail, size);
    return fail_with(error);
}

int nft_each(int socket, const struct nft_messages *messages, char *detail, size_t size)
{
    int result = 0, error = 0;
    struct nlmsghdr *message = NULL;
    while ((message = next_message(messages, message)) != NULL) {
        struct nft_messages one = {(char *)message, message->nlmsg_len};
        char failed_at[256];
        uint32_t number = message->nlmsg_seq;
        if (nft_transaction(socket, &one, failed_at, sizeof failed_at) < 0 && errno != ENOENT &&
            result == 0) {
            result = -1;
            error = errno;
            snprintf(detail, size, "%s", failed_at);
        }
        message->nlmsg_seq = number;
    }
    return result == 0 ? 0 : fail_with(error);
}

/* A dump ends with a message that says so; anything else is answered when send(2) returns. */
static int copy_answers(int socket, bool dump, int out)
{
    _Alignas(struct nlmsghdr) static char answer[64 << 10];
    for (;;) {
        ssize_t size = recv(socket, answer, sizeof answer, dump ? 0 : MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return errno == EAGAIN ? 0 : -1;
        int rest = (int)size;
        bool done = false;
        for (struct nlmsghdr *at = (struct nlmsghdr *)answer; NLMSG_OK(at, rest); at = NLMSG_NEXT(at, rest)) {
            const struct nlmsgerr *error = NLMSG_DATA(at);
            if (at->nlmsg_type == NLMSG_ERROR && error->error != 0) return fail_with(-error->error);
            done = done || at->nlmsg_type == NLMSG_DONE;
        }
        if (write_all(out, answer, (size_t)size) < 0) return -1;
        if (done) return 0;
    }
}

int nft_ask(int socket, const struct nft_messages *messages, int out)
{
    struct nlmsghdr *message = NULL;
    if (number_messages(messages) < 0) return -1;
    while ((message = next_message(messages, message)) != NULL) {
        bool dump = (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
        if (send(socket, message, message->nlmsg_len, 0) < 0 || copy_answers(socket, dump, out) < 0)
            return -1;
    }
    return 0;
}
