#include "monitor/endpoints.h"

#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"
#include "monitor/repair.h"
#include "network/network.h"
#include "network/network_user.h"
#include "network/nft.h"
#include "network/nft_chain.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* The network files of a directory. */
struct files {
    const char *directory;
    struct dirent **names;
    int count;
};

/* The sockets are kept while the networks are up: see nft_leave() for why they are not closed in between. */
static struct {
    enum { NOT_KNOWN, DOWN, UP } state;
    struct network_sockets host;
} endpoints = {NOT_KNOWN, {-1, -1}};

void endpoints_begin(void)
{
    endpoints.state = DOWN;
}

static int open_sockets(void)
{
    return endpoints.host.rtnl >= 0 ? 0 : network_open(&endpoints.host);
}

/* Whether an entry is a network file; one that is being written has a dot in front. */
static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int list_files(struct files *files, const char *directory)
{
    *files = (struct files){.directory = directory};
    files->count = scandir(directory, &files->names, is_file, alphasort);
    return files->count < 0 ? failed(STAGE_NETWORK, directory) : 0;
}

static void free_files(struct files *files)
{
    for (int i = 0; i < files->count; i++)
        free(files->names[i]);
    free(files->names);
}

static void path_of(const struct files *files, int index, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", files->directory, files->names[index]->d_name);
}

/* The first `count` of them. */
static int take_down(const struct files *files, int count, enum links links)
{
    int result = 0;
    char path[PATH_MAX];
    for (int i = 0; i < count; i++) {
        path_of(files, i, path);
        if (network_down(&endpoints.host, path, links) < 0) result = -1;
    }
    return result;
}

/* Brings all files up or none: what another start finds there is its own. */
static int bring_up_files(const char *directory, int container)
{
    owned(free_files) struct files files = {.count = 0};
    char path[PATH_MAX];
    owned_fd lock = network_lock(directory);
    if (lock < 0 || list_files(&files, directory) < 0) return -1;
    for (int i = 0; i < files.count; i++) {
        path_of(&files, i, path);
        if (network_up(&endpoints.host, path, container) == 0) continue;
        take_down(&files, i, LINKS_ARE_DELETED);
        return -1;
    }
    return 0;
}

/* Looks at the firewall: somebody may have flushed it, or loaded another ruleset. */
static int check_firewall(const struct plan *plan)
{
    struct record record = plan_find(plan, OP_FIREWALL);
    char chain[256];
    int64_t rules;
    if (record.count == 0) return 0;
    if (parse_number(record.arg[2], 10, &rules) < 0) return failed(STAGE_PLAN, record_name(&record));
    int64_t found = nft_count_rules(endpoints.host.nft, record.arg[0], record.arg[1], rules);
    trace(record_name(&record));
    if (found == rules) return 0;
    if (found < 0 && errno != ENOENT) return failed(STAGE_NFT, "nf_tables");
    snprintf(chain, sizeof chain, "%s %s", record.arg[0], record.arg[1]);
    errno = ENOENT;
    return failed(STAGE_FIREWALL, chain);
}

static int bring_up(const struct plan *plan, int container)
{
    return check_firewall(plan) < 0 ? -1 : bring_up_files(plan->networks, container);
}

/*
 * Whether the noted failure is of something that belongs to the networks, not to this container: it is not there, or
 * not as it should be.
 */
static bool is_curable(void)
{
    return has_failed(STAGE_FIREWALL, ENOENT) || has_failed(STAGE_VETH, ENODEV) ||
           has_failed(STAGE_VETH, ENETDOWN) || has_failed(STAGE_VETH, ENETUNREACH) ||
           has_failed(STAGE_MACVLAN, ENODEV) || has_failed(STAGE_ADDRESS, EACCES) ||
           has_failed(STAGE_NFT, ENOENT) || has_failed(STAGE_NFT, EEXIST);
}

int endpoints_up(const struct plan *plan, pid_t init)
{
    owned_fd container = open_network_namespace(init);
    if (container < 0) return failed(STAGE_NETWORK, "namespace");
    if (plan->last_out != NULL && network_user_join(plan->last_out) < 0) return -1;
    if (open_sockets() < 0) return -1;
    if (bring_up(plan, container) < 0) {
        struct record command = plan_find(plan, OP_REPAIR);
        if (command.count == 0 || !is_curable()) return -1;
        forget_failure();
        if (repair_networks(&command) < 0) return -1;
        trace(record_name(&command));
        if (bring_up(plan, container) < 0) return -1;
    }
    endpoints.state = UP;
    return 0;
}

int endpoints_down(const struct plan *plan)
{
    owned(free_files) struct files files = {.count = 0};
    if (plan->networks == NULL || endpoints.state == DOWN || access(plan->networks, F_OK) < 0) return 0;
    owned_fd lock = network_lock(plan->networks);
    if (lock < 0 || open_sockets() < 0 || list_files(&files, plan->networks) < 0) return -1;
    if (take_down(&files, files.count, LINKS_GO_WITH_NAMESPACE) < 0) return -1;
    endpoints.state = DOWN;
    network_close(&endpoints.host);
    trace("networks down");
    return 0;
}
