/* Sockets and messages of netlink(7): what rtnl.c and nft.c have in common. */
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

/* Opens a socket of this protocol in the network namespace of the caller. -1 with errno. */
int netlink_open(int protocol);

/* A message that is being written; one that does not fit is refused when it is sent. */
struct message {
    union {
        struct nlmsghdr header;
        char space[2048];
    };
};

/* Begins one: `family` is the header of what it is about (struct ifinfomsg and the like). */
void message_begin(struct message *message, uint16_t type, uint16_t flags, const void *family, size_t size);

/* Adds an attribute; text with its NUL. */
void message_add(struct message *message, uint16_t type, const void *data, size_t size);
void message_add_text(struct message *message, uint16_t type, const char *text);
void message_add_number(struct message *message, uint16_t type, uint32_t number);

/* Begins an attribute that holds others; what is returned ends it. */
size_t message_nest(struct message *message, uint16_t type);
void message_end(struct message *message, size_t nest);

/* Appends bytes that are no attribute, such as the header of a peer. */
void message_append(struct message *message, const void *data, size_t size);

/* Sends it, and waits for the kernel's word. -1 with errno, which is the kernel's. */
int netlink_request(int socket, struct message *message);

/* Sends a question as netlink_request() does a request: the answer is in `answer`, whose length is returned. */
long netlink_ask(int socket, struct message *message, void *answer, size_t size);

/* Receives what follows, of an answer in several parts (NLM_F_DUMP). */
long netlink_next(int socket, void *answer, size_t size);

/* Finds an attribute among those in `size` bytes at `attributes`; NULL: it is not there. Its length goes to `length`. */
const void *find_attribute(const void *attributes, size_t size, uint16_t type, size_t *length);
