/* Questions in datagrams, and those of them that wait for a server. */
#include "resolver/resolver_parts.h"

#include "base/util.h"
#include "resolver/resolver.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* The datagrams that are read in a row before others have their turn. */
#define BATCH 32

/* When more questions than this were waiting, their memory is given back once none is. */
#define PENDING_KEPT 4

/*
 * The source is told each time: before any address is there the kernel takes what a socket is bound to for a broadcast,
 * and leaves the source to the route from then on.
 */
static void reply(struct resolver *resolver, const struct sockaddr_in *client, const uint8_t *message,
                  size_t size)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control = {0};
    struct in_pktinfo source = {.ipi_spec_dst.s_addr = inet_addr(RESOLVER_ADDRESS)};
    struct iovec data = {(void *)message, size};
    struct msghdr datagram = {.msg_name = (void *)client,
                              .msg_namelen = sizeof *client,
                              .msg_iov = &data,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof control};
    control.header.cmsg_len = CMSG_LEN(sizeof source);
    control.header.cmsg_level = IPPROTO_IP;
    control.header.cmsg_type = IP_PKTINFO;
    memcpy(CMSG_DATA(&control.header), &source, sizeof source);
    /* What the client's buffer does not hold is lost, as datagrams may be. */
    if (sendmsg(resolver->udp, &datagram, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return;
}

static void release(struct resolver *resolver, struct pending *pending)
{
    close_fd(&pending->fd);
    pending->used = false;
    if (--resolver->pending_count > 0) return;
    if (resolver->pending_peak > PENDING_KEPT)
        resolver_give_back(resolver->pending, sizeof resolver->pending);
    resolver->pending_peak = 0;
}

static bool send_to(struct resolver *resolver, struct pending *pending, const struct dns_query *query,
                    const union server_address *server)
{
    uint8_t message[QUERY_MAX];
    pending->fd = resolver_connect(server, SOCK_DGRAM);
    if (pending->fd < 0) return false;
    /* A port of its own and an id of its own: who wants to slip in an answer must guess both. */
    pending->id = resolver_random();
    memcpy(message, pending->message, pending->size);
    dns_set_id(message, pending->id);
    if (query->edns) {
        message[query->payload_at] = (uint8_t)(query->limit >> 8);
        message[query->payload_at + 1] = (uint8_t)query->limit;
    }
    unsigned index = (unsigned)(pending - resolver->pending);
    pending->generation = ++resolver->generation;
    if (send(pending->fd, message, pending->size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 &&
        resolver_watch(resolver, EPOLL_CTL_ADD, pending->fd, EPOLLIN, RESOLVER_PENDING, index,
                       pending->generation) == 0) {
        pending->deadline = monotonic_ms() + SERVER_MS;
        return true;
    }
    close_fd(&pending->fd);
    return false;
}

/* Asks the server `pending->attempt`, or the first one after it that can be asked. */
static void ask(struct resolver *resolver, struct pending *pending, const struct dns_query *query)
{
    uint8_t message[DNS_PLAIN_MAX];
    const union server_address *server;
    for (; (server = resolver_server(resolver, pending->attempt)) != NULL; pending->attempt++) {
        if (send_to(resolver, pending, query, server)) return;
    }
    reply(resolver, &pending->client, message, dns_reply(query, DNS_SERVFAIL, message, sizeof message));
    release(resolver, pending);
}

static void ask_next(struct resolver *resolver, struct pending *pending, const struct dns_query *query)
{
    close_fd(&pending->fd);
    pending->attempt++;
    if (resolver_config_read(resolver->names, resolver->config_path, NULL, &resolver->config) < 0)
        resolver->config.forward = FORWARD_NONE;
    ask(resolver, pending, query);
}

/* A client that asks again while its question waits needs nothing more. */
static bool is_repeated(const struct resolver *resolver, const struct sockaddr_in *client,
                        const uint8_t *message, size_t size)
{
    for (unsigned i = 0; resolver->pending_count > 0 && i < PENDING_MAX; i++) {
        const struct pending *other = &resolver->pending[i];
        if (other->used && other->size == size && other->client.sin_port == client->sin_port &&
            other->client.sin_addr.s_addr == client->sin_addr.s_addr &&
            memcmp(other->message, message, size) == 0)
            return true;
    }
    return false;
}

/* The first free place, so that few pages are used; otherwise that of the oldest, whose client has waited enough. */
static struct pending *take_place(struct resolver *resolver)
{
    struct pending *oldest = &resolver->pending[0];
    for (unsigned i = 0; i < PENDING_MAX; i++) {
        struct pending *pending = &resolver->pending[i];
        if (!pending->used) {
            resolver->pending_count++;
            if (i + 1 > resolver->pending_peak) resolver->pending_peak = i + 1;
            return pending;
        }
        if (pending->began < oldest->began) oldest = pending;
    }
    close_fd(&oldest->fd);
    return oldest;
}

static void forward(struct resolver *resolver, const struct dns_query *query,
                    const struct sockaddr_in *client)
{
    if (is_repeated(resolver, client, query->message, query->size)) return;
    struct pending *pending = take_place(resolver);
    pending->used = true;
    pending->fd = -1;
    pending->attempt = 0;
    pending->size = (uint16_t)query->size;
    pending->began = monotonic_ns();
    pending->client = *client;
    memcpy(pending->message, query->message, query->size);
    ask(resolver, pending, query);
}

void udp_receive(struct resolver *resolver)
{
    uint8_t message[QUERY_MAX];
    struct dns_query query;
    size_t length;
    for (int i = 0; i < BATCH; i++) {
        struct sockaddr_in client;
        socklen_t client_size = sizeof client;
        ssize_t n = recvfrom(resolver->udp, message, sizeof message, MSG_DONTWAIT | MSG_TRUNC,
                             (struct sockaddr *)&client, &client_size);
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0 || client_size != sizeof client) continue;
        /* Of one that is too long only the header counts, so that it is malformed. */
        size_t size = n > QUERY_MAX ? DNS_HEADER : (size_t)n;
        enum verdict verdict =
            resolver_answer(resolver, message, size, false, &query, resolver->scratch, &length);
        if (verdict == VERDICT_ANSWERED) reply(resolver, &client, resolver->scratch, length);
        if (verdict == VERDICT_FORWARD) forward(resolver, &query, &client);
    }
}

/* The server's answer as the client asked: its id, its upper and lower case, its size. */
static void pass_on(struct resolver *resolver, const struct pending *pending, const struct dns_query *query,
                    size_t size)
{
    uint8_t *answer = resolver->scratch;
    memcpy(answer + DNS_HEADER, query->message + DNS_HEADER, query->question_end - DNS_HEADER);
    dns_set_id(answer, dns_id(query->message));
    if (size > query->limit) {
        size = dns_reply(query, (enum dns_rcode)(answer[3] & 15), answer, DNS_PLAIN_MAX);
        dns_set_truncated(answer);
    }
    reply(resolver, &pending->client, answer, size);
}

void udp_answered(struct resolver *resolver, unsigned index, uint32_t generation)
{
    struct pending *pending = &resolver->pending[index];
    struct dns_query query;
    if (!pending->used || pending->generation != generation) return;
    dns_parse(pending->message, pending->size, &query);
    for (int i = 0; i < BATCH; i++) {
        ssize_t n = recv(pending->fd, resolver->scratch, ANSWER_MAX, MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && errno == EAGAIN) return;
        /* Nobody listens there. */
        if (n < 0) return ask_next(resolver, pending, &query);
        size_t there = n > ANSWER_MAX ? ANSWER_MAX : (size_t)n;
        if (!dns_answers(resolver->scratch, there, &query, pending->id)) continue;
        if (resolver_is_refusal(resolver->scratch) &&
            resolver_server(resolver, pending->attempt + 1u) != NULL)
            return ask_next(resolver, pending, &query);
        pass_on(resolver, pending, &query, (size_t)n);
        return release(resolver, pending);
    }
}

void udp_expire(struct resolver *resolver, int64_t now)
{
    struct dns_query query;
    for (unsigned i = 0; i < PENDING_MAX && resolver->pending_count > 0; i++) {
        struct pending *pending = &resolver->pending[i];
        if (!pending->used || pending->deadline > now) continue;
        dns_parse(pending->message, pending->size, &query);
        ask_next(resolver, pending, &query);
    }
}

int64_t udp_deadline(const struct resolver *resolver)
{
    int64_t deadline = -1;
    for (unsigned i = 0; i < PENDING_MAX && resolver->pending_count > 0; i++) {
        const struct pending *pending = &resolver->pending[i];
        if (pending->used && (deadline < 0 || pending->deadline < deadline)) deadline = pending->deadline;
    }
    return deadline;
}
