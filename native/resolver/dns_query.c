#include "resolver/dns.h"

#include <stdio.h>
#include <string.h>

/* The most records that are looked at: more than clients send, OPT and a signature. */
#define ADDITIONAL_MAX 8

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

uint16_t dns_id(const uint8_t *message)
{
    return get16(message);
}

static char lower(uint8_t byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte + 'a' - 'A' : byte);
}

/* Returns the offset after the name, 0 when it is none or has a pointer. */
static size_t parse_name(const uint8_t *message, size_t size, size_t at, struct dns_query *query)
{
    size_t start = at, length = 0;
    query->plain = true;
    for (;;) {
        if (at >= size || message[at] > 63) return 0;
        size_t label = message[at++];
        if (at - start + label > DNS_NAME_MAX) return 0;
        if (label == 0) break;
        if (label > size - at) return 0;
        if (length > 0) query->name[length++] = '.';
        for (; label > 0; label--, at++) {
            if (message[at] <= ' ' || message[at] == '.' || message[at] == 0x7f) query->plain = false;
            query->name[length++] = lower(message[at]);
        }
    }
    query->name[length] = '\0';
    return at;
}

/* Returns the offset after a name that does not matter, 0 when there is none. A pointer ends a name. */
static size_t skip_name(const uint8_t *message, size_t size, size_t at)
{
    size_t start = at;
    while (at < size && at - start < DNS_NAME_MAX) {
        uint8_t label = message[at];
        if (label == 0) return at + 1;
        if (label >= 0xc0) return at + 2 <= size ? at + 2 : 0;
        if (label > 63) return 0;
        at += 1 + (size_t)label;
    }
    return 0;
}

size_t dns_parse_question(const uint8_t *message, size_t size, struct dns_query *query)
{
    if (size < DNS_HEADER || get16(message + 4) != 1) return 0;
    size_t at = parse_name(message, size, DNS_HEADER, query);
    if (at == 0 || size - at < 4) return 0;
    query->type = get16(message + at);
    return at + 4;
}

/* RFC 6891, 6.1.2. Returns an rcode. */
static int parse_opt(const uint8_t *message, size_t at, bool rooted, struct dns_query *query)
{
    if (query->edns || !rooted) return DNS_FORMERR;
    size_t payload = get16(message + at + 2);
    query->edns = true;
    query->payload_at = at + 2;
    query->dnssec = message[at + 6] & 0x80;
    query->limit = payload < DNS_PLAIN_MAX     ? DNS_PLAIN_MAX
                   : payload > DNS_PAYLOAD_MAX ? DNS_PAYLOAD_MAX
                                               : payload;
    return message[at + 5] == 0 ? DNS_NOERROR : DNS_BADVERS;
}

static int parse_additional(const uint8_t *message, size_t size, struct dns_query *query)
{
    unsigned count = get16(message + 10);
    size_t at = query->question_end;
    int rcode = DNS_NOERROR;
    for (unsigned i = 0; i < count && i < ADDITIONAL_MAX; i++) {
        bool rooted = at < size && message[at] == 0;
        at = skip_name(message, size, at);
        if (at == 0 || size - at < 10) return DNS_FORMERR;
        size_t length = get16(message + at + 8);
        if (length > size - at - 10) return DNS_FORMERR;
        if (get16(message + at) == DNS_OPT) rcode = parse_opt(message, at, rooted, query);
        if (rcode == DNS_FORMERR) return rcode;
        at += 10 + length;
    }
    return rcode;
}

int dns_parse(const uint8_t *message, size_t size, struct dns_query *query)
{
    *query = (struct dns_query){.message = message, .size = size, .limit = DNS_PLAIN_MAX};
    /* To answer an answer would let two servers talk without end. */
    if (size < DNS_HEADER || message[2] & 0x80) return -1;
    if (message[2] & 0x78) return DNS_NOTIMP;
    /* No answers and authorities: only transfers of zones have some. */
    if (get16(message + 6) != 0 || get16(message + 8) != 0) return DNS_FORMERR;
    query->question_end = dns_parse_question(message, size, query);
    if (query->question_end == 0) return DNS_FORMERR;
    int rcode = parse_additional(message, size, query);
    if (rcode != DNS_NOERROR) return rcode;
    uint16_t class = get16(message + query->question_end - 2);
    if (class != 1 && class != 255) return DNS_REFUSED;
    return query->type == DNS_AXFR || query->type == DNS_IXFR ? DNS_REFUSED : DNS_NOERROR;
}

bool dns_answers(const uint8_t *answer, size_t size, const struct dns_query *query, uint16_t id)
{
    struct dns_query asked;
    if (size < DNS_HEADER || dns_id(answer) != id || !(answer[2] & 0x80)) return false;
    size_t end = dns_parse_question(answer, size, &asked);
    if (end != query->question_end) return false;
    for (size_t at = DNS_HEADER; at < end; at++) {
        /* Lengths of labels are below 'A'; type and class are compared below as they are. */
        if (lower(answer[at]) != lower(query->message[at])) return false;
    }
    return memcmp(answer + end - 4, query->message + end - 4, 4) == 0;
}

/* `4.3.2.1.in-addr.arpa`, RFC 1035, 3.5. */
static size_t reverse_v4(const char *name, uint8_t address[16])
{
    for (int i = 3; i >= 0; i--) {
        unsigned number = 0, digits = 0;
        for (; *name >= '0' && *name <= '9' && digits < 4; digits++)
            number = number * 10 + (unsigned)(*name++ - '0');
        if (digits == 0 || digits > 3 || number > 255 || *name++ != '.') return 0;
        address[i] = (uint8_t)number;
    }
    return strcmp(name, "in-addr.arpa") == 0 ? 4 : 0;
}

/* 32 digits, the last one first; RFC 3596, 2.5. */
static size_t reverse_v6(const char *name, uint8_t address[16])
{
    memset(address, 0, 16);
    for (int i = 31; i >= 0; i--) {
        char c = name[0];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0 || name[1] != '.') return 0;
        address[i / 2] |= (uint8_t)(i % 2 == 0 ? digit << 4 : digit);
        name += 2;
    }
    return strcmp(name, "ip6.arpa") == 0 ? 16 : 0;
}

size_t dns_reverse_address(const char *name, uint8_t address[16])
{
    size_t length = reverse_v4(name, address);
    return length > 0 ? length : reverse_v6(name, address);
}
