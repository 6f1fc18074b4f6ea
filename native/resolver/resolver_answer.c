#include "resolver/resolver_parts.h"

#include "base/util.h"
#include "resolver/resolver.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

uint16_t resolver_random(void)
{
    uint16_t number = 0;
    /* So few bytes are never short. */
    if (getrandom(&number, sizeof number, 0) < 0) return (uint16_t)monotonic_ns();
    return number;
}

bool resolver_is_refusal(const uint8_t *answer)
{
    int rcode = answer[3] & 15;
    return rcode == DNS_SERVFAIL || rcode == DNS_NOTIMP || rcode == DNS_REFUSED;
}

/*
 * Whether a server is this resolver: in the container's namespace that address is our own, and a question would go
 * round in circles.
 */
static bool is_own(const struct resolver *resolver, const union server_address *server)
{
    return resolver->place == FORWARD_CONTAINER && server->any.sa_family == AF_INET &&
           server->v4.sin_addr.s_addr == inet_addr(RESOLVER_ADDRESS);
}

const union server_address *resolver_server(const struct resolver *resolver, unsigned attempt)
{
    const struct resolver_config *config = &resolver->config;
    if (config->forward != resolver->place) return NULL;
    for (unsigned i = 0; i < config->upstream_count; i++) {
        if (!is_own(resolver, &config->upstreams[i]) && attempt-- == 0) return &config->upstreams[i];
    }
    return NULL;
}

int resolver_connect(const union server_address *server, int type)
{
    owned_fd fd = socket(server->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    socklen_t length = server->any.sa_family == AF_INET ? sizeof server->v4 : sizeof server->v6;
    if (connect(fd, &server->any, length) < 0 && errno != EINPROGRESS) return -1;
    return steal_fd(&fd);
}

/* Adds all addresses of one family, each time beginning with another one, so that clients spread. */
static void add_addresses(struct resolver *resolver, struct dns_answer *answer, uint16_t type)
{
    const struct names_found *found = &resolver->found;
    size_t size = type == DNS_A ? 4 : 16;
    unsigned count = 0, skip, passed = 0;
    for (unsigned i = 0; i < found->count; i++)
        count += found->addresses[i].size == size;
    if (count == 0) return;
    skip = resolver->rotation[type == DNS_A]++ % count;
    for (unsigned i = 0; passed < skip + count; i = i + 1 < found->count ? i + 1 : 0) {
        const struct names_address *address = &found->addresses[i];
        if (address->size != size || passed++ < skip) continue;
        if (!dns_add(answer, type, address->bytes, size)) return;
    }
}

static bool has_v4(const struct names_found *found)
{
    for (unsigned i = 0; i < found->count; i++) {
        if (found->addresses[i].size == 4) return true;
    }
    return false;
}

/* Adds the records of a type; of ANY one kind is enough (RFC 8482, 4.1). */
static void add_records(struct resolver *resolver, struct dns_answer *answer, uint16_t type)
{
    if (type == DNS_ANY) type = has_v4(&resolver->found) ? DNS_A : DNS_AAAA;
    if (type == DNS_A || type == DNS_AAAA) add_addresses(resolver, answer, type);
}

static bool find(struct resolver *resolver, const char *name)
{
    const char *alias = resolver->config.alias;
    if (alias[0] != '\0' && names_find(&resolver->index, alias, &resolver->found)) return true;
    return names_find(&resolver->index, name, &resolver->found);
}

/* Answers with what stands in the files of names; false: it is for others to say. */
static bool answer_known(struct resolver *resolver, const struct dns_query *query, struct dns_answer *answer)
{
    struct names_address address;
    char name[DNS_TEXT_MAX];
    uint8_t wire[DNS_NAME_MAX];
    if (!query->plain || query->name[0] == '\0') return false;
    names_refresh(&resolver->index, &resolver->config);
    address.size = (uint8_t)dns_reverse_address(query->name, address.bytes);
    if (address.size > 0) {
        if (!names_reverse(&resolver->index, &address, name)) return false;
        size_t size = dns_encode_name(name, wire);
        if (size > 0 && (query->type == DNS_PTR || query->type == DNS_ANY))
            dns_add(answer, DNS_PTR, wire, size);
        return true;
    }
    if (!find(resolver, query->name)) return false;
    add_records(resolver, answer, query->type);
    return true;
}

enum verdict resolver_answer(struct resolver *resolver, const uint8_t *message, size_t size, bool stream,
                             struct dns_query *query, uint8_t *out, size_t *length)
{
    struct dns_answer answer;
    int rcode = dns_parse(message, size, query);
    if (rcode < 0) return VERDICT_DROP;
    size_t limit = stream ? ANSWER_MAX : query->limit;
    if (rcode != DNS_NOERROR) {
        *length = dns_reply(query, (enum dns_rcode)rcode, out, limit);
        return VERDICT_ANSWERED;
    }
    /* It is small, and read for every question: nothing that it says is ever old. */
    if (resolver_config_read(resolver->names, resolver->config_path, query->name, &resolver->config) < 0)
        resolver->config = (struct resolver_config){.forward = FORWARD_NONE};
    dns_begin(&answer, query, DNS_NOERROR, out, limit);
    answer.authoritative = answer_known(resolver, query, &answer);
    if (answer.authoritative) {
        *length = dns_finish(&answer, query, DNS_NOERROR);
        return VERDICT_ANSWERED;
    }
    if (resolver_server(resolver, 0) != NULL) return VERDICT_FORWARD;
    *length = dns_reply(query, DNS_SERVFAIL, out, limit);
    return VERDICT_ANSWERED;
}
