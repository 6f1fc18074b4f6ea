/* Questions over connections. A server's answer is passed on piece by piece, so that its size does not matter. */
#include "resolver/resolver_parts.h"

#include "base/util.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BATCH 16

static unsigned index_of(const struct resolver *resolver, const struct dns_stream *stream)
{
    return (unsigned)(stream - resolver->streams);
}

static void disconnect(struct resolver *resolver, struct dns_stream *stream)
{
    close_fd(&stream->server);
    close_fd(&stream->fd);
    stream->used = false;
    if (--resolver->stream_count == 0) resolver_give_back(resolver->streams, sizeof resolver->streams);
}

static void watch_client(struct resolver *resolver, struct dns_stream *stream, uint32_t events)
{
    resolver_watch(resolver, EPOLL_CTL_MOD, stream->fd, events, RESOLVER_CLIENT, index_of(resolver, stream),
                   stream->generation);
}

/* A server that nobody waits for is not watched at all: its end would be reported without end. */
static void watch_server(struct resolver *resolver, struct dns_stream *stream, uint32_t events)
{
    int operation = !stream->watches_server ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    if (!stream->watches_server && events == 0) return;
    resolver_watch(resolver, operation, stream->server, events, RESOLVER_SERVER, index_of(resolver, stream),
                   stream->generation);
    stream->watches_server = events != 0;
}

static void drop_server(struct dns_stream *stream)
{
    close_fd(&stream->server);
    stream->watches_server = false;
}

static void await_question(struct resolver *resolver, struct dns_stream *stream)
{
    drop_server(stream);
    stream->state = STREAM_READING;
    stream->have = stream->at = stream->end = 0;
    stream->deadline = monotonic_ms() + STREAM_MS;
    watch_client(resolver, stream, EPOLLIN);
}

/* Gives the client what it takes; false when it is gone. With nothing left, the next thing begins. */
static bool write_on(struct resolver *resolver, struct dns_stream *stream)
{
    ssize_t n =
        send(stream->fd, stream->buffer + stream->at, stream->end - stream->at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return false;
    if (n > 0) stream->at += (size_t)n;
    if (stream->at < stream->end) {
        if (stream->state == STREAM_PASSING) watch_server(resolver, stream, 0);
        watch_client(resolver, stream, EPOLLOUT);
    } else if (stream->state == STREAM_PASSING && stream->left > 0) {
        stream->at = stream->end = 0;
        watch_client(resolver, stream, 0);
        watch_server(resolver, stream, EPOLLIN);
    } else {
        await_question(resolver, stream);
    }
    return true;
}

/* An answer of so many bytes from here, which stands in the buffer after the room for its length. */
static bool answer(struct resolver *resolver, struct dns_stream *stream, size_t length)
{
    drop_server(stream);
    stream->buffer[0] = (uint8_t)(length >> 8);
    stream->buffer[1] = (uint8_t)length;
    stream->at = 0;
    stream->end = 2 + length;
    stream->state = STREAM_WRITING;
    stream->deadline = monotonic_ms() + STREAM_MS;
    return write_on(resolver, stream);
}

/* Asks the server `stream->attempt`, or the first one after it that can be reached. */
static bool ask(struct resolver *resolver, struct dns_stream *stream, const struct dns_query *query)
{
    const union server_address *server;
    drop_server(stream);
    watch_client(resolver, stream, 0);
    for (; (server = resolver_server(resolver, stream->attempt)) != NULL; stream->attempt++) {
        stream->server = resolver_connect(server, SOCK_STREAM);
        if (stream->server < 0) continue;
        stream->state = STREAM_CONNECTING;
        stream->deadline = monotonic_ms() + SERVER_MS;
        watch_server(resolver, stream, EPOLLOUT);
        return true;
    }
    return answer(resolver, stream, dns_reply(query, DNS_SERVFAIL, stream->buffer + 2, ANSWER_MAX));
}

static void parse(const struct dns_stream *stream, struct dns_query *query)
{
    dns_parse(stream->query + 2, stream->have - 2, query);
}

static bool ask_next(struct resolver *resolver, struct dns_stream *stream)
{
    struct dns_query query;
    parse(stream, &query);
    stream->attempt++;
    if (resolver_config_read(resolver->names, resolver->config_path, NULL, &resolver->config) < 0)
        resolver->config.forward = FORWARD_NONE;
    return ask(resolver, stream, &query);
}

/* Reads what is missing of one question, never more: the next one waits in the kernel. */
static bool read_question(struct resolver *resolver, struct dns_stream *stream)
{
    struct dns_query query;
    size_t length, want = 2;
    if (stream->have >= 2) want += (size_t)stream->query[0] << 8 | stream->query[1];
    ssize_t n = recv(stream->fd, stream->query + stream->have, want - stream->have, MSG_DONTWAIT);
    if (n <= 0) return n < 0 && errno == EAGAIN;
    stream->have += (size_t)n;
    if (stream->have < 2) return true;
    want = 2 + ((size_t)stream->query[0] << 8 | stream->query[1]);
    if (want < 2 + DNS_HEADER || want > sizeof stream->query) return false;
    if (stream->have < want) return true;
    enum verdict verdict =
        resolver_answer(resolver, stream->query + 2, want - 2, true, &query, stream->buffer + 2, &length);
    switch (verdict) {
    case VERDICT_ANSWERED:
        return answer(resolver, stream, length);
    case VERDICT_FORWARD:
        stream->attempt = 0;
        return ask(resolver, stream, &query);
    default:
        return false;
    }
}

static bool send_question(struct resolver *resolver, struct dns_stream *stream)
{
    uint8_t message[2 + QUERY_MAX];
    memcpy(message, stream->query, stream->have);
    stream->id = resolver_random();
    dns_set_id(message + 2, stream->id);
    /* It fits into any new connection's buffer. */
    if (send(stream->server, message, stream->have, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)stream->have)
        return ask_next(resolver, stream);
    stream->state = STREAM_WAITING;
    stream->at = stream->end = 0;
    watch_server(resolver, stream, EPOLLIN);
    return true;
}

/* The beginning of an answer tells whether it is one; the client gets it with its own id and its question as asked. */
static bool read_beginning(struct resolver *resolver, struct dns_stream *stream)
{
    struct dns_query query;
    uint8_t *message = stream->buffer + 2;
    parse(stream, &query);
    size_t head = 2 + query.question_end;
    ssize_t n =
        recv(stream->server, stream->buffer + stream->end, sizeof stream->buffer - stream->end, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return ask_next(resolver, stream);
    stream->end += (size_t)n;
    if (stream->end < head) return true;
    size_t total = 2 + ((size_t)stream->buffer[0] << 8 | stream->buffer[1]);
    if (total < head || stream->end > total || !dns_answers(message, stream->end - 2, &query, stream->id))
        return ask_next(resolver, stream);
    if (resolver_is_refusal(message) && resolver_server(resolver, stream->attempt + 1u) != NULL)
        return ask_next(resolver, stream);
    memcpy(message + DNS_HEADER, query.message + DNS_HEADER, query.question_end - DNS_HEADER);
    dns_set_id(message, dns_id(query.message));
    stream->left = total - stream->end;
    stream->state = STREAM_PASSING;
    stream->deadline = monotonic_ms() + STREAM_MS;
    return write_on(resolver, stream);
}

static bool read_rest(struct resolver *resolver, struct dns_stream *stream)
{
    size_t room = stream->left < sizeof stream->buffer ? stream->left : sizeof stream->buffer;
    ssize_t n = recv(stream->server, stream->buffer, room, MSG_DONTWAIT);
    if (n <= 0) return n < 0 && errno == EAGAIN;
    stream->at = 0;
    stream->end = (size_t)n;
    stream->left -= (size_t)n;
    return write_on(resolver, stream);
}

static bool attend_server(struct resolver *resolver, struct dns_stream *stream)
{
    switch (stream->state) {
    case STREAM_CONNECTING: /* when that failed the question cannot be sent */
        return send_question(resolver, stream);
    case STREAM_WAITING:
        return read_beginning(resolver, stream);
    case STREAM_PASSING:
        return stream->at < stream->end || read_rest(resolver, stream);
    default:
        return true;
    }
}

static bool attend_client(struct resolver *resolver, struct dns_stream *stream, uint32_t events)
{
    if (stream->state == STREAM_READING) return read_question(resolver, stream);
    if (events & (EPOLLHUP | EPOLLERR)) return false;
    if (stream->state != STREAM_WRITING && stream->state != STREAM_PASSING) return true;
    return stream->at == stream->end || write_on(resolver, stream);
}

void tcp_event(struct resolver *resolver, unsigned index, uint32_t generation, bool server, uint32_t events)
{
    struct dns_stream *stream = &resolver->streams[index];
    if (!stream->used || stream->generation != generation) return;
    bool goes_on = server ? stream->server < 0 || attend_server(resolver, stream)
                          : attend_client(resolver, stream, events);
    if (!goes_on) disconnect(resolver, stream);
}

/* When all places are taken the oldest connection ends: who holds many open has no more of them than others. */
static struct dns_stream *take_place(struct resolver *resolver)
{
    struct dns_stream *oldest = &resolver->streams[0];
    for (unsigned i = 0; i < STREAMS_MAX; i++) {
        struct dns_stream *stream = &resolver->streams[i];
        if (!stream->used) return stream;
        if (stream->began < oldest->began) oldest = stream;
    }
    disconnect(resolver, oldest);
    return oldest;
}

static void connected(struct resolver *resolver, int fd)
{
    struct dns_stream *stream = take_place(resolver);
    stream->used = true;
    stream->generation = ++resolver->generation;
    stream->fd = fd;
    stream->server = -1;
    stream->watches_server = false;
    stream->began = monotonic_ns();
    resolver->stream_count++;
    resolver_watch(resolver, EPOLL_CTL_ADD, fd, 0, RESOLVER_CLIENT, index_of(resolver, stream),
                   stream->generation);
    await_question(resolver, stream);
}

void tcp_accept(struct resolver *resolver)
{
    for (int i = 0; i < BATCH; i++) {
        int fd = accept4(resolver->tcp, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        connected(resolver, fd);
    }
}

/* A server that takes too long makes way for the next one; a client goes. */
void tcp_expire(struct resolver *resolver, int64_t now)
{
    for (unsigned i = 0; i < STREAMS_MAX && resolver->stream_count > 0; i++) {
        struct dns_stream *stream = &resolver->streams[i];
        if (!stream->used || stream->deadline > now) continue;
        bool waits = stream->state == STREAM_CONNECTING || stream->state == STREAM_WAITING;
        if (!waits || !ask_next(resolver, stream)) disconnect(resolver, stream);
    }
}

int64_t tcp_deadline(const struct resolver *resolver)
{
    int64_t deadline = -1;
    for (unsigned i = 0; i < STREAMS_MAX && resolver->stream_count > 0; i++) {
        const struct dns_stream *stream = &resolver->streams[i];
        if (stream->used && (deadline < 0 || stream->deadline < deadline)) deadline = stream->deadline;
    }
    return deadline;
}
