#include "resolver/dns.h"

#include <string.h>

/*
 * Seconds. A question costs microseconds here, and an address should not outlive its container in somebody's cache;
 * some clients take 0 for an error.
 */
#define TTL 1

/* What this resolver takes in a datagram, RFC 6891, 6.2.3: questions are short. */
#define OWN_PAYLOAD 1232

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void dns_set_id(uint8_t *message, uint16_t id)
{
    put16(message, id);
}

void dns_set_truncated(uint8_t *message)
{
    message[2] |= 2;
}

void dns_begin(struct dns_answer *answer, const struct dns_query *query, enum dns_rcode rcode,
               uint8_t *message, size_t limit)
{
    size_t length = query->question_end > 0 ? query->question_end : DNS_HEADER;
    *answer = (struct dns_answer){.message = message, .length = length, .limit = limit};
    if (query->edns) answer->limit -= DNS_OPT_SIZE;
    memcpy(message, query->message, length);
    /* A response: same operation, same wishes (recursion, no checking); recursion is available. */
    message[2] = (uint8_t)(0x80 | (query->message[2] & 0x79));
    message[3] = (uint8_t)(0x80 | (query->message[3] & 0x10) | (rcode & 15));
    memset(message + 4, 0, 8);
    message[5] = query->question_end > 0;
}

bool dns_add(struct dns_answer *answer, uint16_t type, const uint8_t *data, size_t size)
{
    if (answer->limit - answer->length < DNS_HEADER + size) {
        answer->truncated = true;
        return false;
    }
    uint8_t *at = answer->message + answer->length;
    put16(at, 0xc000 | DNS_HEADER); /* the name in the question */
    put16(at + 2, type);
    put16(at + 4, 1);
    memset(at + 6, 0, 4);
    at[9] = TTL;
    put16(at + 10, size);
    memcpy(at + 12, data, size);
    answer->length += 12 + size;
    answer->records++;
    return true;
}

size_t dns_finish(struct dns_answer *answer, const struct dns_query *query, enum dns_rcode rcode)
{
    put16(answer->message + 6, answer->records);
    if (answer->authoritative) answer->message[2] |= 4;
    if (answer->truncated) dns_set_truncated(answer->message);
    if (!query->edns) return answer->length;
    uint8_t *opt = answer->message + answer->length;
    memset(opt, 0, DNS_OPT_SIZE);
    put16(opt + 1, DNS_OPT);
    put16(opt + 3, OWN_PAYLOAD);
    opt[5] = (uint8_t)(rcode >> 4);
    opt[7] = query->dnssec ? 0x80 : 0;
    answer->message[11] = 1;
    return answer->length + DNS_OPT_SIZE;
}

size_t dns_reply(const struct dns_query *query, enum dns_rcode rcode, uint8_t *message, size_t limit)
{
    struct dns_answer answer;
    dns_begin(&answer, query, rcode, message, limit);
    return dns_finish(&answer, query, rcode);
}

size_t dns_encode_name(const char *name, uint8_t wire[DNS_NAME_MAX])
{
    size_t length = 0;
    while (*name != '\0') {
        size_t label = strcspn(name, ".");
        if (label == 0 || label > 63 || length + label + 2 > DNS_NAME_MAX) return 0;
        wire[length++] = (uint8_t)label;
        memcpy(wire + length, name, label);
        length += label;
        name += label;
        if (*name == '.') name++;
    }
    wire[length++] = 0;
    return length;
}
