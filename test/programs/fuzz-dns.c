/*
 * Feeds the resolver's parser and what answers with mutated questions: fuzz-dns NAMES CONFIG ROUNDS SEED, NAMES being a
 * directory of names and CONFIG a path below it. The same seed makes the same questions. What it reads and writes lies
 * at the ends of blocks of its own, so that the sanitizers see each byte too many. With LIBFUZZER it is a target for
 * libFuzzer, and the environment has NAMES and CONFIG.
 */
#include "resolver/resolver_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct resolver *resolver;

static void open_names(const char *names, const char *config)
{
    static struct resolver only;
    resolver = &only;
    resolver->names = resolver->index.root = open(names, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(resolver->config_path, sizeof resolver->config_path, "%s", config);
    resolver->place = FORWARD_HOST;
}

static void require(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* What must hold of whatever is answered. */
static void check(const uint8_t *message, const struct dns_query *query, const uint8_t *answer, size_t length,
                  size_t limit)
{
    struct dns_query repeated;
    require(length >= DNS_HEADER && length <= limit, "the answer has the wrong length");
    require(dns_id(answer) == dns_id(message), "the answer has another id");
    require(answer[2] & 0x80, "the answer is none");
    if (query->question_end == 0) return;
    require(dns_parse_question(answer, length, &repeated) == query->question_end, "the question is not repeated");
    require(dns_answers(answer, length, query, dns_id(message)), "the answer would not be taken for one");
}

static void feed(const uint8_t *data, size_t size)
{
    struct dns_query query;
    uint8_t *message = malloc(size + (size == 0)), *answer = malloc(ANSWER_MAX);
    memcpy(message, data, size);
    for (int stream = 0; stream < 2; stream++) {
        size_t length = 0;
        enum verdict verdict = resolver_answer(resolver, message, size, stream, &query, answer, &length);
        if (verdict == VERDICT_ANSWERED)
            check(message, &query, answer, length, stream ? ANSWER_MAX : query.limit);
        /* The same bytes as what a server said. */
        if (verdict == VERDICT_FORWARD) {
            require(query.question_end > DNS_HEADER && query.question_end <= size, "the question ends elsewhere");
            require(!query.edns || query.payload_at + 2 <= size, "the size lies elsewhere");
            dns_answers(message, size, &query, dns_id(message));
        }
    }
    free(message);
    free(answer);
}

#ifdef LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (resolver == NULL) open_names(getenv("NAMES"), getenv("CONFIG"));
    if (size <= QUERY_MAX) feed(data, size);
    return 0;
}
#else

static uint64_t state;

/* xorshift64* */
static unsigned roll(unsigned sides)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 2685821657736338717ULL) >> 33) % sides;
}

static const char *const names[] = {
    "web", "web.blue", "Replicas", "2.0.20.172.in-addr.arpa", "example.org", "alias", "",
    "3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
};
static const uint16_t types[] = {DNS_A, DNS_AAAA, DNS_PTR, DNS_ANY, DNS_OPT, DNS_AXFR, 6, 16, 65};

static size_t make_question(uint8_t message[QUERY_MAX])
{
    static const uint8_t header[DNS_HEADER] = {0, 1, 1, 0, 0, 1};
    static const uint8_t opt[] = {0, 0, 41, 16, 0, 0, 0, 128, 0, 0, 4, 0, 10, 0, 0};
    memcpy(message, header, DNS_HEADER);
    size_t at = DNS_HEADER + dns_encode_name(names[roll(sizeof names / sizeof *names)], message + DNS_HEADER);
    uint16_t type = types[roll(sizeof types / sizeof *types)];
    memcpy(message + at, (uint8_t[]){(uint8_t)(type >> 8), (uint8_t)type, 0, 1}, 4);
    at += 4;
    if (roll(2) == 0) return at;
    message[11] = 1;
    memcpy(message + at, opt, sizeof opt);
    return at + sizeof opt;
}

static size_t mutate(uint8_t message[QUERY_MAX], size_t size)
{
    static const uint8_t telling[] = {0, 1, 63, 64, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xff, 12};
    for (unsigned count = roll(6); count > 0; count--) {
        unsigned at = size == 0 ? 0 : roll((unsigned)size);
        switch (roll(6)) {
        case 0:
            message[at] ^= (uint8_t)(1 << roll(8));
            break;
        case 1:
            message[at] = telling[roll(sizeof telling)];
            break;
        case 2:
            size = at;
            break;
        case 3: /* bytes at the end */
            for (unsigned more = roll(300); more > 0 && size < QUERY_MAX; more--)
                message[size++] = (uint8_t)(roll(3) == 0 ? roll(256) : 63);
            break;
        case 4: /* a part twice */
            for (unsigned from = at; from < size && size < QUERY_MAX && roll(40) != 0; from++)
                message[size++] = message[from];
            break;
        default:
            message[at] = (uint8_t)roll(256);
        }
    }
    return size;
}

int main(int argc, char **argv)
{
    uint8_t message[QUERY_MAX] = {0};
    if (argc != 5) return 2;
    open_names(argv[1], argv[2]);
    state = strtoull(argv[4], NULL, 10) * 2 + 1;
    for (unsigned long rounds = strtoul(argv[3], NULL, 10); rounds > 0; rounds--)
        feed(message, mutate(message, make_question(message)));
    return 0;
}
#endif
