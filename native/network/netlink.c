#include "network/netlink.h"

#include "base/util.h"

#include <string.h>
#include <sys/socket.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

int netlink_open(int protocol)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    int on = 1;
    /* Otherwise an acknowledgement of failure repeats the whole message. */
    if (fd >= 0) setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    return fd;
}

void message_append(struct message *message, const void *data, size_t size)
{
    size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
    message->header.nlmsg_len = (uint32_t)(at + size);
    if (size > 0 && at + size <= sizeof message->space) memcpy(message->space + at, data, size);
}

void message_begin(struct message *message, uint16_t type, uint16_t flags, const void *family, size_t size)
{
    memset(message, 0, sizeof *message);
    message->header = (struct nlmsghdr){
        .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)};
    message_append(message, family, size);
}

void message_add(struct message *message, uint16_t type, const void *data, size_t size)
{
    struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};
    message_append(message, &attribute, sizeof attribute);
    message_append(message, data, size);
}

void message_add_text(struct message *message, uint16_t type, const char *text)
{
    message_add(message, type, text, strlen(text) + 1);
}

void message_add_number(struct message *message, uint16_t type, uint32_t number)
{
    message_add(message, type, &number, sizeof number);
}

size_t message_nest(struct message *message, uint16_t type)
{
    size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
    message_add(message, type, NULL, 0);
    return at;
}

void message_end(struct message *message, size_t nest)
{
    uint16_t length = (uint16_t)(message->header.nlmsg_len - nest);
    if (nest + sizeof length <= sizeof message->space) memcpy(message->space + nest, &length, sizeof length);
}

long netlink_next(int socket, void *answer, size_t size)
{
    ssize_t n;
    while ((n = recv(socket, answer, size, 0)) < 0 && errno == EINTR)
        ;
    if (n < 0) return -1;
    const struct nlmsghdr *header = answer;
    if (n < (ssize_t)sizeof *header) return fail_with(EPROTO);
    if (header->nlmsg_type != NLMSG_ERROR) return n;
    const struct nlmsgerr *error = NLMSG_DATA(header);
    return error->error == 0 ? n : fail_with(-error->error);
}

static long exchange(int socket, struct message *message, void *answer, size_t size)
{
    if (message->header.nlmsg_len > sizeof message->space) return fail_with(EMSGSIZE);
    return send(socket, message, message->header.nlmsg_len, 0) < 0 ? -1 : netlink_next(socket, answer, size);
}

int netlink_request(int socket, struct message *message)
{
    _Alignas(struct nlmsghdr) char answer[1024];
    message->header.nlmsg_flags |= NLM_F_ACK;
    return exchange(socket, message, answer, sizeof answer) < 0 ? -1 : 0;
}

long netlink_ask(int socket, struct message *message, void *answer, size_t size)
{
    return exchange(socket, message, answer, size);
}

const void *find_attribute(const void *attributes, size_t size, uint16_t type, size_t *length)
{
    const char *at = attributes, *end = at + size;
    struct nlattr attribute;
    while (end - at >= NLA_HDRLEN) {
        memcpy(&attribute, at, sizeof attribute);
        if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > end - at) return NULL;
        if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
            *length = attribute.nla_len - NLA_HDRLEN;
            return at + NLA_HDRLEN;
        }
        if (NLA_ALIGN(attribute.nla_len) > end - at) return NULL;
        at += NLA_ALIGN(attribute.nla_len);
    }
    return NULL;
}
