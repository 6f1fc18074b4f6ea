#include "forwarder/forwarder.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "forwarder/forwarder_ports.h"
#include "forwarder/forwarder_process.h"
#include "forwarder/forwarder_socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Numbers of events. */
enum { FROM_PORTS, FROM_PROCESS };
_Static_assert(FROM_PROCESS + 1 == FORWARDER_SOURCES, "each event has a number");

static struct {
    const char *file;
    struct held_port *held; /* their descriptors ascend */
    size_t count;
    int epoll;
    uint32_t first_source;
    pid_t process; /* 0: none */
    int pidfd;
} forwarder = {.epoll = -1, .pidfd = -1};

static void control(int operation, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = forwarder.first_source + number};
    epoll_ctl(forwarder.epoll, operation, fd, &event);
}

static void control_ports(int operation)
{
    for (size_t i = 0; i < forwarder.count; i++) {
        if (forwarder.held[i].relayed) control(operation, forwarder.held[i].fd, FROM_PORTS);
    }
}

/*
 * Holds a port. Where the limit of descriptors is for fewer ports, they are put beyond it: those below stay for the
 * monitor, and the limit, which the container inherits, is as it was afterwards.
 */
static int hold_port(const struct port *port, int lowest)
{
    owned_fd fd = port_socket(port);
    if (fd < 0 || lowest == 0) return fd == NO_SUCH_SOCKET ? NO_SUCH_SOCKET : steal_fd(&fd);
    return fcntl(fd, F_DUPFD_CLOEXEC, lowest);
}

static int hold_ports(const struct port_list *list, int lowest)
{
    char name[80];
    for (size_t i = 0; i < list->count; i++) {
        const struct port *port = &list->ports[i];
        int fd = hold_port(port, lowest);
        if (fd == NO_SUCH_SOCKET) continue;
        if (fd < 0) {
            port_name(port, name, sizeof name);
            return failed(STAGE_PORT, name);
        }
        forwarder.held[forwarder.count++] = (struct held_port){
            .fd = fd,
            .protocol = port->protocol,
            .relayed = port->container.family != AF_UNSPEC,
            .host = port->host,
        };
    }
    return 0;
}

static int hold_all(const struct port_list *list)
{
    struct rlimit limit, raised;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return failed(STAGE_PLAN, forwarder.file);
    if (list->count <= limit.rlim_cur / 2) return hold_ports(list, 0);
    raised = limit;
    raised.rlim_cur += list->count + 1;
    if (raised.rlim_cur > raised.rlim_max) raised.rlim_cur = raised.rlim_max;
    setrlimit(RLIMIT_NOFILE, &raised);
    int result = hold_ports(list, (int)limit.rlim_cur);
    int saved = errno;
    setrlimit(RLIMIT_NOFILE, &limit);
    errno = saved;
    return result;
}

int forwarder_hold(const char *ports_file)
{
    struct port_list list;
    forwarder.file = ports_file;
    if (port_list_read(&list, ports_file) < 0) return failed(STAGE_PLAN, ports_file);
    forwarder.held = calloc(list.count + 1, sizeof *forwarder.held);
    int result = forwarder.held == NULL ? failed(STAGE_PLAN, ports_file) : hold_all(&list);
    port_list_free(&list);
    int saved = errno;
    if (result < 0) forwarder_release();
    errno = saved;
    return result;
}

void forwarder_watch(int epoll, uint32_t first_source)
{
    forwarder.epoll = epoll;
    forwarder.first_source = first_source;
    control_ports(EPOLL_CTL_ADD);
}

/* Refuses whoever waits at a port: else the same event came again and again. */
static void refuse(void)
{
    for (size_t i = 0; i < forwarder.count; i++) {
        if (forwarder.held[i].relayed) port_socket_refuse(forwarder.held[i].fd, forwarder.held[i].protocol);
    }
}

static int reap(void)
{
    int status = -1;
    if (forwarder.pidfd >= 0) control(EPOLL_CTL_DEL, forwarder.pidfd, FROM_PROCESS);
    close_fd(&forwarder.pidfd);
    while (waitpid(forwarder.process, &status, 0) < 0 && errno == EINTR)
        ;
    forwarder.process = 0;
    return status;
}

static void kill_process(void)
{
    if (forwarder.process == 0) return;
    kill(forwarder.process, SIGKILL);
    reap();
}

static void start(void)
{
    pid_t monitor = getpid(), process = fork();
    if (process == 0) forwarder_main(forwarder.file, forwarder.held, forwarder.count, monitor);
    if (process > 0) {
        forwarder.process = process;
        forwarder.pidfd = k_pidfd_open(process);
    }
    if (forwarder.pidfd < 0) {
        kill_process();
        refuse();
        return;
    }
    control_ports(EPOLL_CTL_DEL);
    control(EPOLL_CTL_ADD, forwarder.pidfd, FROM_PROCESS);
}

void forwarder_event(uint32_t number)
{
    if (number == FROM_PROCESS) {
        /* One that could not begin would be started for the same connection without end. */
        if (reap() != 0) refuse();
        control_ports(EPOLL_CTL_ADD);
    } else if (forwarder.process == 0) {
        start();
    }
}

void forwarder_renew(void)
{
    if (forwarder.process == 0) return;
    kill_process();
    control_ports(EPOLL_CTL_ADD);
}

pid_t forwarder_pid(void)
{
    return forwarder.process;
}

void forwarder_release(void)
{
    kill_process();
    for (size_t i = 0; i < forwarder.count; i++)
        close(forwarder.held[i].fd);
    free(forwarder.held);
    forwarder.held = NULL;
    forwarder.count = 0;
}
