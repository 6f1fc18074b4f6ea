/*
 * The verbs `network FILE up [PID STARTTIME]`, `network FILE down`, `nft batch` and `nft get`: what the monitor does by
 * itself, for what runs already, and for what belongs to no container; `network FILE check` and `network links`, which
 * look and change nothing; and `network FILE join`.
 */
#include "network/network.h"
#include "base/kernel.h"
#include "base/plan.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "network/netlink.h"
#include "network/network_check.h"
#include "network/network_user.h"
#include "network/nft.h"
#include "network/nft_chain.h"
#include "network/rtnl_link.h"
#include "state/events.h"
#include "verbs/lock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The journal is named in the plan of the container, beside the directory of its network files. */
static void open_events(const char *directory)
{
    static struct plan plan;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s../plan", directory) >= (int)sizeof path) return;
    if (access(path, F_OK) < 0) return;
    if (plan_open(&plan, path) == 0)
        events_open(&plan);
    else
        forget_failure();
}

/* Opens the network namespace of a process. As long as it was not reaped, what /proc says of its pid is said of it. */
static int open_container(const char *pid, const char *start_time)
{
    owned_fd process = open_process(pid, start_time);
    if (process < 0) return failed(STAGE_TARGET, pid);
    owned_fd container = open_network_namespace(atoi(pid));
    if (container < 0 || k_pidfd_send_signal(process, 0) < 0) return failed(STAGE_TARGET, pid);
    return steal_fd(&container);
}

static void print_flaw(enum stage stage, int error, const char *detail)
{
    dprintf(1, "%s%c%d%c%s%c", stage_name(stage), 0, error, 0, detail, 0);
}

static int perform(int argc, char **argv)
{
    char directory[PATH_MAX];
    const char *file = argv[1], *slash = strrchr(file, '/');
    owned_fd container = -1;
    owned(network_close) struct network_sockets host = {-1, -1};
    if (slash == NULL || slash - file >= (long)sizeof directory - 1)
        return fail_with(EINVAL), failed(STAGE_NETWORK, file);
    if (strcmp(argv[2], "check") == 0)
        return network_open(&host) < 0 ? -1 : network_check(&host, file, print_flaw);
    snprintf(directory, sizeof directory, "%.*s/", (int)(slash - file), file);
    owned_fd lock = network_lock(directory);
    if (lock < 0 || network_open(&host) < 0) return -1;
    open_events(directory);
    if (strcmp(argv[2], "down") == 0) return network_down(&host, file, LINKS_ARE_DELETED);
    if (argc > 3 && (container = open_container(argv[3], argv[4])) < 0) return -1;
    return network_up(&host, file, container);
}

/* Stays on the networks, as a container does, for as long as whoever started us wants. */
static int stay(const char *file)
{
    ignore_terminal();
    if (network_user_join(file) < 0) return -1;
    hold_for_owner();
    return network_user_leave(file);
}

static int list_links(void)
{
    owned_fd rtnl = netlink_open(NETLINK_ROUTE);
    return rtnl < 0 || rtnl_list_links(rtnl, 1) < 0 ? failed(STAGE_NETWORK, "rtnetlink") : 0;
}

static bool is_called(int argc, char **argv, const char *word)
{
    return argc == 3 && strcmp(argv[2], word) == 0;
}

int network_main(int argc, char **argv)
{
    bool links = argc == 2 && strcmp(argv[1], "links") == 0, join = is_called(argc, argv, "join");
    bool up = (argc == 3 || argc == 5) && strcmp(argv[2], "up") == 0;
    if (!up && !links && !join && !is_called(argc, argv, "down") && !is_called(argc, argv, "check")) {
        fputs("usage: skiff-helper network FILE up [PID STARTTIME] | network FILE down|check|join | network "
              "links\n",
              stderr);
        return 1;
    }
    if ((links ? list_links() : join ? stay(argv[1]) : perform(argc, argv)) == 0) return 0;
    report_noted_failure();
    return 1;
}

/* Reads all that comes on standard input. */
static int read_messages(struct nft_messages *messages)
{
    size_t room = 0;
    ssize_t n;
    do {
        if (messages->size == room) {
            char *larger = realloc(messages->data, room += 64 << 10);
            if (larger == NULL) return -1;
            messages->data = larger;
        }
        n = read(0, messages->data + messages->size, room - messages->size);
        if (n > 0) messages->size += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n < 0 ? -1 : 0;
}

/* Exit code 0: the chain has so many rules. */
static int nft_intact(char **argv)
{
    int64_t rules;
    int socket = nft_open();
    bool intact = socket >= 0 && parse_number(argv[2], 10, &rules) == 0 &&
                  nft_count_rules(socket, argv[0], argv[1], rules) == rules;
    close_fd(&socket);
    return intact ? 0 : 1;
}

int nft_main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "intact") == 0) return nft_intact(argv + 2);
    owned(nft_free) struct nft_messages messages = {NULL, 0};
    char detail[256] = "nf_tables";
    bool batch = argc == 2 && strcmp(argv[1], "batch") == 0, get = argc == 2 && strcmp(argv[1], "get") == 0;
    if (!batch && !get) {
        fputs("usage: skiff-helper nft batch|get <MESSAGES | nft intact TABLE CHAIN RULES\n", stderr);
        return 1;
    }
    int socket = nft_open();
    int result = socket < 0 ? -1 : read_messages(&messages);
    if (result == 0)
        result =
            batch ? nft_transaction(socket, &messages, detail, sizeof detail) : nft_ask(socket, &messages, 1);
    if (result < 0) failed(STAGE_NFT, detail);
    nft_leave(&socket);
    if (result == 0) return 0;
    report_noted_failure();
    return 1;
}
