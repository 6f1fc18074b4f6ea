/*
 * The resolver: a process for each container that is on networks with names.
 *
 *   resolver.c          sockets in the container's network namespace, the child, and where it may ask from
 *   resolver_confine.c  gives up every right: root, user, capabilities, limits, system calls
 *   resolver_serve.c    the loop: one thread, one epoll, a bounded amount of work in each turn
 *   resolver_udp.c      questions in datagrams, and those that wait for a server
 *   resolver_tcp.c      the same over connections
 *   resolver_answer.c   what is answered here, what is forwarded, and to whom
 *   resolver_index.c    an index of the files of names, which follows their changes
 *   resolver_names.c    names and addresses in the files that the index tells
 *   resolver_config.c   the container's own file, and the lines of both
 *   dns_query.c, dns_answer.c   messages; no system calls
 *
 * The container is the enemy. All that it can do is to ask, as much as it likes: the tables are of fixed size, and when
 * one is full the oldest makes way, so that a new question is always taken. Nothing is allocated; the pages of a busy
 * time are given back. Names are looked up in files that somebody else replaces. Nothing is told about them by anybody:
 * for each question the container's file is read, and the time of each network's directory compared with that of the
 * index.
 *
 * A server is asked from a socket that is made in the child's network namespace. As no right is left to enter another
 * one, where that is is decided at the start: in the container's if it forwards from there, else in the host's, for good.
 * There it may begin and cease to forward as often as the file says so.
 */
#include "resolver/resolver.h"

#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "resolver/resolver_parts.h"

#include <arpa/inet.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define BACKLOG 16

enum { UDP_FD, TCP_FD, NAMES_FD, EPOLL_FD, PLACES };

/* Bound before the loopback is up. */
static int listen_as(int type)
{
    owned_fd fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(RESOLVER_PORT)};
    inet_pton(AF_INET, RESOLVER_ADDRESS, &address.sin_addr);
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &(int){1}, sizeof(int)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return -1;
    if (type == SOCK_STREAM && listen(fd, BACKLOG) < 0) return -1;
    return steal_fd(&fd);
}

/* Sockets stay in the namespace where they were made. */
static int listen_in(int network_namespace, struct resolver *resolver)
{
    owned_fd own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0 || setns(network_namespace, CLONE_NEWNET) < 0) return failed(STAGE_RESOLVER, "namespace");
    resolver->udp = listen_as(SOCK_DGRAM);
    resolver->tcp = resolver->udp < 0 ? -1 : listen_as(SOCK_STREAM);
    int error = errno;
    /* Everything that follows would be done in the container's. */
    if (setns(own, CLONE_NEWNET) < 0) return failed(STAGE_RESOLVER, "namespace");
    errno = error;
    return resolver->tcp < 0 ? failed(STAGE_RESOLVER, RESOLVER_ADDRESS) : 0;
}

/* RUN/names of RUN/names/containers/<id>; what follows becomes the path below it. The buffer ends with the call. */
static int open_names(const char *config_path, struct resolver *resolver)
{
    char root[PATH_MAX];
    size_t length = strlen(config_path);
    for (int slashes = 0; length > 0 && slashes < 2;)
        slashes += config_path[--length] == '/';
    const char *below = config_path + length + 1;
    if (length == 0 || length >= sizeof root || strlen(below) >= sizeof resolver->config_path)
        return fail_with(ENAMETOOLONG);
    memcpy(root, config_path, length);
    root[length] = '\0';
    strcpy(resolver->config_path, below);
    resolver->names = resolver->index.root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (resolver->names < 0) return -1;
    return resolver_config_read(resolver->names, resolver->config_path, NULL, &resolver->config);
}

/* Prepares what can fail while somebody hears of it. */
static int prepare(int network_namespace, const char *config_path, struct resolver *resolver)
{
    resolver->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (resolver->epoll < 0 || open_names(config_path, resolver) < 0)
        return failed(STAGE_RESOLVER, config_path);
    resolver->place = resolver->config.forward == FORWARD_CONTAINER ? FORWARD_CONTAINER : FORWARD_HOST;
    return listen_in(network_namespace, resolver);
}

static _Noreturn void child_main(struct resolver *resolver, int network_namespace, pid_t parent)
{
    int places[PLACES] = {resolver->udp, resolver->tcp, resolver->names, resolver->epoll};
    prctl(PR_SET_NAME, "skiff-resolver");
    if (resolver->place == FORWARD_CONTAINER && setns(network_namespace, CLONE_NEWNET) < 0) _exit(1);
    place_descriptors(places, PLACES);
    resolver->udp = UDP_FD;
    resolver->tcp = TCP_FD;
    resolver->names = resolver->index.root = NAMES_FD;
    resolver->epoll = EPOLL_FD;
    if (resolver_confine(NAMES_FD, parent) < 0) _exit(1);
    resolver_serve(resolver);
}

pid_t resolver_start(int network_namespace, const char *config_path)
{
    pid_t parent = getpid(), child = -1;
    struct resolver *resolver =
        mmap(NULL, sizeof *resolver, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (resolver == MAP_FAILED) return failed(STAGE_RESOLVER, "memory");
    resolver->udp = resolver->tcp = resolver->names = resolver->epoll = -1;
    if (prepare(network_namespace, config_path, resolver) == 0) {
        child = fork();
        if (child == 0) child_main(resolver, network_namespace, parent);
        if (child < 0) failed(STAGE_RESOLVER, "fork");
    }
    close_fd(&resolver->udp);
    close_fd(&resolver->tcp);
    close_fd(&resolver->names);
    close_fd(&resolver->epoll);
    int error = errno;
    munmap(resolver, sizeof *resolver);
    errno = error;
    return child;
}
