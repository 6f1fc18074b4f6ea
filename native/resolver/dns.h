/*
 * Messages of the domain name system (RFC 1035, RFC 6891): questions as clients ask them, and answers to them. Nothing
 * here follows a compression pointer: a question may have none, and of other names only their length counts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_HEADER 12
#define DNS_NAME_MAX 255     /* of a name as it is sent, root label included */
#define DNS_TEXT_MAX 256     /* the same as text, with its NUL */
#define DNS_PLAIN_MAX 512    /* the longest datagram for who does not say how much it takes */
#define DNS_PAYLOAD_MAX 4096 /* the longest datagram at all */
#define DNS_OPT_SIZE 11

enum dns_rcode {
    DNS_NOERROR,
    DNS_FORMERR,
    DNS_SERVFAIL,
    DNS_NXDOMAIN,
    DNS_NOTIMP,
    DNS_REFUSED,
    DNS_BADVERS = 16 /* needs an OPT record */
};

enum dns_type {
    DNS_A = 1,
    DNS_PTR = 12,
    DNS_AAAA = 28,
    DNS_OPT = 41,
    DNS_IXFR = 251,
    DNS_AXFR = 252,
    DNS_ANY = 255
};

/* A question that somebody asked. */
struct dns_query {
    const uint8_t *message;
    size_t size;
    size_t question_end;     /* offset of what follows the question; 0: there is none that can be repeated */
    char name[DNS_TEXT_MAX]; /* lower case, without the last dot */
    bool plain;              /* `name` says it all: no label has a dot, a blank or a control character */
    uint16_t type;
    bool edns, dnssec; /* has an OPT record; its bit DO */
    size_t payload_at; /* offset of the size in the OPT record */
    size_t limit;      /* the longest datagram that may answer it */
};

/*
 * Reads a question. Returns the rcode to answer it with, DNS_NOERROR when it can be looked at further; -1: it deserves
 * no answer.
 */
int dns_parse(const uint8_t *message, size_t size, struct dns_query *query);

/*
 * The offset after the only question of a message, 0 when it has not exactly one, without pointers. Sets name, plain
 * and type of `query`.
 */
size_t dns_parse_question(const uint8_t *message, size_t size, struct dns_query *query);

/* Whether a message from a server answers this one: a response with this id and the same question. */
bool dns_answers(const uint8_t *answer, size_t size, const struct dns_query *query, uint16_t id);

uint16_t dns_id(const uint8_t *message);
void dns_set_id(uint8_t *message, uint16_t id);

/* Marks an answer as longer than what was sent of it. */
void dns_set_truncated(uint8_t *message);

/* An answer in the making. */
struct dns_answer {
    uint8_t *message;
    size_t length, limit;
    uint16_t records;
    bool truncated;
    bool authoritative; /* known here, with records or without */
};

/* Begins an answer in `message`, which has room for `limit` bytes, at least DNS_PLAIN_MAX. */
void dns_begin(struct dns_answer *answer, const struct dns_query *query, enum dns_rcode rcode,
               uint8_t *message, size_t limit);

/* Adds a record for the name that was asked for. False: there is no room, and the answer is truncated. */
bool dns_add(struct dns_answer *answer, uint16_t type, const uint8_t *data, size_t size);

/* Completes the answer; returns its length. */
size_t dns_finish(struct dns_answer *answer, const struct dns_query *query, enum dns_rcode rcode);

/* A whole answer without records. */
size_t dns_reply(const struct dns_query *query, enum dns_rcode rcode, uint8_t *message, size_t limit);

/* `name` as it is sent; returns its length, 0 when it is no name. */
size_t dns_encode_name(const char *name, uint8_t wire[DNS_NAME_MAX]);

/*
 * The address that a name in in-addr.arpa or ip6.arpa is the reverse of, in network order. Returns how many bytes it
 * has, 0 when it is no whole one.
 */
size_t dns_reverse_address(const char *name, uint8_t address[16]);
