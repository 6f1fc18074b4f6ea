#include "monitor/sidecars.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "forwarder/forwarder.h"
#include "monitor/sources.h"
#include "network/network.h"
#include "network/nft.h"
#include "resolver/resolver.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A resolver that ends sooner than this after its start would do so again. */
#define RESOLVER_LIFE_MS 1000
/* The most that the resolver's rules may be; they are a few hundred bytes. */
#define RULES_MAX (64 << 10)

static struct {
    const char *config, *rules; /* NULL: it never has one */
    pid_t init;                 /* in whose network namespace it listens; 0: nobody runs */
    pid_t process;              /* 0: none */
    int pidfd;
    int64_t started;
    int epoll;
} resolver = {.pidfd = -1, .epoll = -1};

int sidecars_prepare(const struct plan *plan, int epoll)
{
    struct record ports = plan_find(plan, OP_PORTS), names = plan_find(plan, OP_RESOLVER);
    resolver.epoll = epoll;
    if (names.count > 0) {
        resolver.config = names.arg[0];
        resolver.rules = names.arg[1];
    }
    if (ports.count == 0) return 0;
    if (forwarder_hold(ports.arg[0]) < 0) return -1;
    forwarder_watch(epoll, SOURCE_FORWARDER);
    trace("ports held");
    return 0;
}

static int read_rules(struct nft_messages *rules)
{
    struct stat stat;
    owned_fd fd = open(resolver.rules, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) < 0) return -1;
    if (stat.st_size > RULES_MAX) return fail_with(EFBIG);
    rules->data = malloc((size_t)stat.st_size + 1);
    rules->size = (size_t)stat.st_size;
    if (rules->data == NULL) return -1;
    return read(fd, rules->data, rules->size) == stat.st_size ? 0 : fail_with(EIO);
}

/*
 * Has questions lead to the resolver, by rules in the container's network namespace. A process that could not come back
 * from there would do to the container what is meant for the host.
 */
static int lead_questions(int container)
{
    owned(nft_free) struct nft_messages rules = {NULL, 0};
    char detail[256] = "nf_tables";
    if (read_rules(&rules) < 0) return failed(STAGE_RESOLVER, resolver.rules);
    owned_fd own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0 || setns(container, CLONE_NEWNET) < 0) return failed(STAGE_RESOLVER, "namespace");
    int socket = nft_open();
    int result = socket < 0 ? -1 : nft_transaction(socket, &rules, detail, sizeof detail);
    int error = errno;
    nft_leave(&socket);
    if (setns(own, CLONE_NEWNET) < 0) _exit(1);
    errno = error;
    return result < 0 ? failed(STAGE_NFT, detail) : 0;
}

static int start_resolver(void)
{
    if (resolver.rules == NULL || resolver.process != 0 || access(resolver.rules, F_OK) < 0) return 0;
    owned_fd container = open_network_namespace(resolver.init);
    if (container < 0) return failed(STAGE_RESOLVER, "namespace");
    if (lead_questions(container) < 0) return -1;
    pid_t process = resolver_start(container, resolver.config);
    if (process < 0) return -1;
    resolver.process = process;
    resolver.pidfd = k_pidfd_open(process);
    resolver.started = monotonic_ms();
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = SOURCE_RESOLVER};
    epoll_ctl(resolver.epoll, EPOLL_CTL_ADD, resolver.pidfd, &event);
    trace("resolver started");
    return 0;
}

static void reap_resolver(void)
{
    if (resolver.process == 0) return;
    close_fd(&resolver.pidfd);
    while (waitpid(resolver.process, NULL, 0) < 0 && errno == EINTR)
        ;
    resolver.process = 0;
}

int sidecars_begin(pid_t init)
{
    resolver.init = init;
    return start_resolver();
}

/* Somebody killed it, or it could not go on: questions that come meanwhile are lost, as with any server. */
void sidecars_replace_resolver(void)
{
    reap_resolver();
    if (resolver.init == 0 || monotonic_ms() - resolver.started < RESOLVER_LIFE_MS) return;
    if (start_resolver() < 0) forget_failure();
}

int sidecars_renew(void)
{
    forwarder_renew();
    if (resolver.init == 0 || start_resolver() == 0) return 0;
    int error = errno;
    forget_failure();
    return fail_with(error);
}

int sidecars_list(pid_t pids[SIDECARS_MAX])
{
    int count = 0;
    if (resolver.process != 0) pids[count++] = resolver.process;
    if (forwarder_pid() != 0) pids[count++] = forwarder_pid();
    return count;
}

void sidecars_end(void)
{
    resolver.init = 0;
    if (resolver.process != 0) kill(resolver.process, SIGKILL);
    reap_resolver();
}
