/* nf_tables(7) of the kernel, in messages that TypeScript wrote (nfnetlink, linux/netfilter/nf_tables.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages without their batch, one after another, in memory that can be written: sequence numbers are filled in. */
struct nft_messages {
    char *data;
    size_t size;
};

/* Decodes hexadecimal digits; nft_free() when done. -1 with errno. */
int nft_decode(struct nft_messages *messages, const char *hex);
void nft_free(struct nft_messages *messages);

/* A socket in the network namespace of the caller. -1 with errno: EPROTONOSUPPORT, the kernel has no nf_tables. */
int nft_open(void);

/*
 * Closes it without waiting. The kernel first takes apart all that was removed from the firewall of the namespace, by
 * whomever, for which it waits for RCU: several milliseconds, also at the exit of a process.
 */
void nft_leave(int *socket);

/*
 * Performs the messages as one transaction. -1 with errno; then `detail`, of
 * `size` bytes, names table and set or chain of the message that failed, or `nf_tables`. A kernel without nf_tables says
 * EPROTONOSUPPORT or EOPNOTSUPP.
 */
int nft_transaction(int socket, const struct nft_messages *messages, char *detail, size_t size);

/* Performs the messages each by itself; what is missing is fine. */
int nft_each(int socket, const struct nft_messages *messages, char *detail, size_t size);

/* Asks each message and writes what the kernel answers to the descriptor `out`. -1 with errno: the first refusal. */
int nft_ask(int socket, const struct nft_messages *messages, int out);
