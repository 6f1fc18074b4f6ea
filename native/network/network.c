#include "network/network.h"

#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "network/netlink.h"
#include "network/network_file.h"
#include "network/nft.h"
#include "state/events.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

int open_network_namespace(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 && errno == ENOENT ? fail_with(ESRCH) : fd; /* one that is dead, and not reaped, has none */
}

int network_lock(const char *directory)
{
    struct stat stat;
    owned_fd fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &stat) < 0) return failed(STAGE_TARGET, directory);
    if (stat.st_nlink == 0) return fail_with(ENOENT), failed(STAGE_TARGET, directory);
    return steal_fd(&fd);
}

int network_open(struct network_sockets *sockets)
{
    *sockets = (struct network_sockets){netlink_open(NETLINK_ROUTE), nft_open()};
    return sockets->rtnl < 0 ? failed(STAGE_NETWORK, "rtnetlink") : 0;
}

void network_close(struct network_sockets *sockets)
{
    close_fd(&sockets->rtnl);
    nft_leave(&sockets->nft);
}

static int perform(const struct network_file *network, enum network_section section,
                   const struct network_sockets *sockets, int container)
{
    for (struct record record = {.end = NULL}; network_next(network, section, &record);) {
        if (network_step(sockets, container, &record) < 0) return -1;
        trace(network_record_name(&record));
    }
    return 0;
}

/*
 * Performs a file inside of the container's namespace. Only this process goes there, and nothing of it is seen there.
 * One that cannot come back would do to the container what is meant for the host.
 */
static int perform_inside(const struct network_file *network, int container)
{
    owned(network_close) struct network_sockets sockets = {-1, -1};
    owned_fd own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0 || setns(container, CLONE_NEWNET) < 0) return failed(STAGE_NETWORK, "namespace");
    int result = network_open(&sockets) < 0 ? -1 : perform(network, NETWORK_CONTAINER, &sockets, -1);
    if (setns(own, CLONE_NEWNET) < 0) _exit(1);
    return result;
}

static int perform_all(const struct network_file *network, const struct network_sockets *host, int container)
{
    if (perform(network, NETWORK_HOST, host, container) < 0) return -1;
    if (!network_has(network, NETWORK_CONTAINER)) return 0;
    if (container < 0) return fail_with(EINVAL), failed(STAGE_NETWORK, "container");
    return perform_inside(network, container);
}

static int undo(const struct network_file *network, const struct network_sockets *host, enum links links)
{
    int result = 0;
    for (struct record record = {.end = NULL}; network_next(network, NETWORK_TEARDOWN, &record);) {
        if (record.op == OP_DELETE_LINK && links == LINKS_GO_WITH_NAMESPACE) continue;
        if (network_undo_step(host, &record) < 0) result = -1;
        trace(network_record_name(&record));
    }
    return result;
}

int network_up(const struct network_sockets *host, const char *path, int container)
{
    owned(network_file_close) struct network_file network;
    if (network_file_open(&network, path) < 0) return -1;
    if (perform_all(&network, host, container) < 0) {
        undo(&network, host, LINKS_ARE_DELETED);
        return -1;
    }
    if (network.network != NULL) event_append_network("connect", network.network, network.attributes);
    return 0;
}

int network_down(const struct network_sockets *host, const char *path, enum links links)
{
    owned(network_file_close) struct network_file network;
    if (network_file_open(&network, path) < 0) return -1;
    int result = undo(&network, host, links);
    if (network.network != NULL) event_append_network("disconnect", network.network, network.attributes);
    return result;
}
