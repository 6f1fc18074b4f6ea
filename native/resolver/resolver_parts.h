/* What the parts of the resolver share; only they include it. */
#pragma once

#include "resolver/dns.h"
#include "resolver/resolver_config.h"
#include "resolver/resolver_names.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define PENDING_MAX 64
#define STREAMS_MAX 16
#define QUERY_MAX 512   /* longer questions are refused */
#define SERVER_MS 2500  /* how long a server is waited for before the next one is asked */
#define STREAM_MS 10000 /* how long a client may take to send a question, or to take an answer */
#define ANSWER_MAX 8192 /* of what is answered from here; holds NAMES_FOUND_MAX records */

/* A datagram that waits for a server. */
struct pending {
    bool used;
    uint8_t attempt; /* which server */
    uint16_t id;     /* under which the server was asked */
    uint16_t size;
    uint32_t generation;
    int fd;
    int64_t began, deadline;
    struct sockaddr_in client;
    uint8_t message[QUERY_MAX];
};

enum stream_state {
    STREAM_READING,    /* the question */
    STREAM_CONNECTING, /* to a server */
    STREAM_WAITING,    /* for the beginning of its answer */
    STREAM_PASSING,    /* the rest of it on to the client */
    STREAM_WRITING     /* an answer from here */
};

/* A client's connection; one question after the other. Whole messages with the two bytes of their length. */
struct dns_stream {
    bool used;
    enum stream_state state;
    uint8_t attempt;
    uint16_t id;
    uint32_t generation;
    int fd, server;
    int64_t began, deadline;
    size_t have;    /* bytes of the question */
    size_t left;    /* bytes of the answer that the server has still to send */
    size_t at, end; /* what of the buffer the client has still to take */
    bool watches_server;
    uint8_t query[2 + QUERY_MAX];
    uint8_t buffer[2 + ANSWER_MAX];
};

struct resolver {
    int udp, tcp, names, epoll;
    enum forward place;    /* FORWARD_HOST or FORWARD_CONTAINER: from where servers can be asked, for good */
    char config_path[128]; /* below `names` */
    unsigned rotation[2];  /* how often several addresses were told, for each family */
    unsigned pending_count, pending_peak, stream_count;
    uint32_t generation;
    struct resolver_config config; /* as of the last question */
    struct names_found found;
    uint8_t scratch[ANSWER_MAX];
    struct names_index index;
    struct pending pending[PENDING_MAX] __attribute__((aligned(4096)));
    struct dns_stream streams[STREAMS_MAX] __attribute__((aligned(4096)));
};

/* What an event of epoll is about. */
enum resolver_source { RESOLVER_UDP, RESOLVER_TCP, RESOLVER_PENDING, RESOLVER_CLIENT, RESOLVER_SERVER };

/* Watches, or watches for something else. -1 with errno. */
int resolver_watch(struct resolver *resolver, int operation, int fd, uint32_t events,
                   enum resolver_source source, unsigned index, uint32_t generation);

/* Answers questions until the process ends; the sockets, `names`, `config_path` and `place` are set. */
_Noreturn void resolver_serve(struct resolver *resolver);

/* Gives memory back that was used in a busy time. What is within `size` bytes from `start` becomes zero. */
void resolver_give_back(void *start, size_t size);

enum verdict { VERDICT_DROP, VERDICT_ANSWERED, VERDICT_FORWARD };

/*
 * Answers what can be answered here: `answer` has room for ANSWER_MAX bytes, `stream` tells that all may be used.
 * Forwarding is done with `query`, and the servers of resolver->config.
 */
enum verdict resolver_answer(struct resolver *resolver, const uint8_t *message, size_t size, bool stream,
                             struct dns_query *query, uint8_t *answer, size_t *length);

/* The server to ask as number `attempt`; NULL: there are no more. */
const union server_address *resolver_server(const struct resolver *resolver, unsigned attempt);

/* A socket that is connected, or about to be, to a server. -1 with errno. */
int resolver_connect(const union server_address *server, int type);

/* A number that nobody guesses. */
uint16_t resolver_random(void);

/* Whether another server may know what this one does not want to, or cannot, say. */
bool resolver_is_refusal(const uint8_t *answer);

/* Datagrams: from clients, from a server, and those that nobody answered. */
void udp_receive(struct resolver *resolver);
void udp_answered(struct resolver *resolver, unsigned index, uint32_t generation);
void udp_expire(struct resolver *resolver, int64_t now);
int64_t udp_deadline(const struct resolver *resolver); /* -1: none */

/* Connections: new ones, events of a client's or a server's, and those that take too long. */
void tcp_accept(struct resolver *resolver);
void tcp_event(struct resolver *resolver, unsigned index, uint32_t generation, bool server, uint32_t events);
void tcp_expire(struct resolver *resolver, int64_t now);
int64_t tcp_deadline(const struct resolver *resolver);

/*
 * Gives up every right but those that resolver_serve() needs: the root is the directory `root`, and it dies with
 * `parent`. -1 with errno.
 */
int resolver_confine(int root, pid_t parent);
