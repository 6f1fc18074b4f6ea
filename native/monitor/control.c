#include "monitor/control.h"

#include "base/util.h"
#include "monitor/added_cgroups.h"
#include "monitor/restart.h"
#include "monitor/sidecars.h"
#include "monitor/sources.h"
#include "monitor/stopping.h"
#include "state/cgroup.h"
#include "state/events.h"
#include "streams/client_options.h"
#include "streams/relay.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/*
 * The length of the listen queue: who asks while the machine is busy waits, and is not told EAGAIN; the kernel may take
 * less (somaxconn).
 */
#define BACKLOG 4096

#define LINE_MAX_BYTES 63

/*
 * A connection, which only root can make. Every waiting `wait`, `stop` or `lock` holds a slot until the end; when all
 * are taken by those, newcomers stay in the listen queue, and one that says nothing makes room for them.
 */
struct waiter {
    int fd; /* 0: a free slot; descriptor 0 is /dev/null and never a client */
    bool waits;
    uint8_t used;
    uint64_t turn; /* 0: it has not asked for the lock */
    enum {
        LEAVES,   /* what stands still when it goes does so further on */
        MAY_THAW, /* unless it does when this one gets the lock */
        THAWS
    } pause;
    char line[LINE_MAX_BYTES + 1];
};

static struct waiter waiters[CONTROL_SLOTS];
static const struct plan *plan;
static int listener = -1;
static int epoll = -1;
static bool keeps_files;
static uint64_t turns;

int control_listen(int rundir)
{
    if (listener >= 0) return 0; /* since the first start */
    /* By way of /proc: the path of the runtime directory may be longer than a socket's address. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/ctl", rundir);
    owned_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    unlinkat(rundir, "ctl", 0);
    mode_t old = umask(0177);
    int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(old);
    if (bound < 0 || listen(fd, BACKLOG) < 0) return -1;
    listener = steal_fd(&fd);
    return 0;
}

bool control_keeps_files(void)
{
    return keeps_files;
}

void control_serve(const struct plan *of, int epoll_fd)
{
    plan = of;
    epoll = epoll_fd;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = SOURCE_CONTROL_LISTENER};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
}

/* Returns who has the lock: of those who asked for it, the one who has been here longest. */
static struct waiter *lock_holder(void)
{
    struct waiter *holder = NULL;
    for (struct waiter *waiter = waiters; waiter < waiters + CONTROL_SLOTS; waiter++) {
        if (waiter->turn != 0 && (holder == NULL || waiter->turn < holder->turn)) holder = waiter;
    }
    return holder;
}

static void answer(struct waiter *waiter, const char *text);

static void grant(struct waiter *waiter)
{
    if (waiter->pause == MAY_THAW) waiter->pause = cgroups_frozen(plan) ? LEAVES : THAWS;
    answer(waiter, "ok\n");
}

/* Whoever paused the container for as long as it has the lock may have been killed before it could let it go on. */
static void end_pause(const struct waiter *waiter)
{
    if (waiter->pause == THAWS && cgroups_unpause(plan)) event_append("unpause", NULL);
}

/* Hangs up. Whoever had the lock passes it on, but not in the end, when everybody is hung up on. */
static void drop(struct waiter *waiter)
{
    bool passes_on = waiter == lock_holder() && listener >= 0;
    end_pause(waiter);
    close(waiter->fd);
    *waiter = (struct waiter){0};
    struct waiter *next = passes_on ? lock_holder() : NULL;
    if (next != NULL) grant(next);
}

/* Whether a connection has not said yet what it waits for. */
static bool is_heard(const struct waiter *waiter)
{
    return !waiter->waits && waiter->turn == 0;
}

static struct waiter *free_slot(void)
{
    struct waiter *silent = NULL;
    for (struct waiter *waiter = waiters; waiter < waiters + CONTROL_SLOTS; waiter++) {
        if (waiter->fd == 0) return waiter;
        if (is_heard(waiter)) silent = waiter;
    }
    if (silent != NULL) drop(silent);
    return silent;
}

void control_accept(void)
{
    struct waiter *waiter = free_slot();
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = SOURCE_CONTROL_LISTENER};
    if (waiter == NULL) {
        /* Heard again when a waiter leaves. */
        event.events = 0;
        epoll_ctl(epoll, EPOLL_CTL_MOD, listener, &event);
        return;
    }
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    waiter->fd = fd;
    event.data.u32 = SOURCE_CONTROL + (uint32_t)(waiter - waiters);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) drop(waiter);
}

static void answer(struct waiter *waiter, const char *text)
{
    size_t length = strlen(text);
    /* A client that does not read its few short answers is not worth waiting for. */
    if (send(waiter->fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length) drop(waiter);
}

static void answer_result(struct waiter *waiter, int result)
{
    char text[24];
    if (result == 0) {
        answer(waiter, "ok\n");
        return;
    }
    snprintf(text, sizeof text, "error %d\n", errno);
    answer(waiter, text);
}

/* Stops reading from a connection: only a hang-up is of interest. */
static void stop_hearing(const struct waiter *waiter, uint32_t hang_up)
{
    struct epoll_event event = {.events = hang_up, .data.u32 = SOURCE_CONTROL + (uint32_t)(waiter - waiters)};
    epoll_ctl(epoll, EPOLL_CTL_MOD, waiter->fd, &event);
}

static void start_waiting(struct waiter *waiter)
{
    waiter->waits = true;
    stop_hearing(waiter, 0);
}

/* Answered when it is this client's turn; it is over when it will send nothing more, whether or not it has closed. */
static void queue_for_lock(struct waiter *waiter, bool thaws)
{
    waiter->turn = ++turns;
    if (thaws) waiter->pause = MAY_THAW;
    stop_hearing(waiter, EPOLLRDHUP);
    if (lock_holder() == waiter) grant(waiter);
}

/* The numbers after a command's word, separated by blanks; how many there were, -1 for anything else. */
static int read_numbers(char *text, int64_t numbers[2])
{
    int count = 0;
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        if (count == 2 || parse_number(word, 10, &numbers[count]) < 0) return -1;
        count++;
    }
    return count;
}

static bool is_signal(int64_t number)
{
    return number >= 1 && number <= 64;
}

/* Hands a connection over to the relay. A client that did not wait for the answer may have sent input already. */
static void hand_over(struct waiter *waiter, const char *words)
{
    int streams = streams_parse(words);
    if (streams < 0 || waiter->used > 0) errno = EINVAL;
    if (streams < 0 || waiter->used > 0 || relay_has_room() < 0) {
        answer_result(waiter, -1);
        return;
    }
    answer_result(waiter, 0);
    if (waiter->fd == 0) return;
    epoll_ctl(epoll, EPOLL_CTL_DEL, waiter->fd, NULL);
    relay_join(waiter->fd, (unsigned)streams);
    *waiter = (struct waiter){0};
}

static int set_restart_policy(char *words)
{
    char *maximum = words + strcspn(words, " ");
    if (*maximum != '\0') *maximum++ = '\0';
    return restart_set(words, maximum);
}

static int keep_files(void)
{
    keeps_files = true;
    return 0;
}

static bool is_length(int64_t number)
{
    return number >= 0 && number <= UINT16_MAX;
}

static int resize(int64_t rows, int64_t columns)
{
    if (relay_resize((unsigned)rows, (unsigned)columns) < 0) return -1;
    event_append("resize", "\"height\":\"%lld\",\"width\":\"%lld\"", (long long)rows, (long long)columns);
    return 0;
}

static void obey(struct waiter *waiter, char *line)
{
    char *rest = line + strcspn(line, " ");
    if (*rest == ' ') *rest++ = '\0';
    if (strcmp(line, "attach") == 0) {
        hand_over(waiter, rest);
        return;
    }
    if (strcmp(line, "restart-policy") == 0) {
        answer_result(waiter, set_restart_policy(rest));
        return;
    }
    if (strcmp(line, "lock") == 0 && strcmp(rest, "thaw") == 0) {
        queue_for_lock(waiter, true);
        return;
    }
    int64_t numbers[2] = {0};
    int count = read_numbers(rest, numbers);
    if (strcmp(line, "signal") == 0 && count == 1 && is_signal(numbers[0])) {
        answer_result(waiter, stopping_signal((int)numbers[0]));
    } else if (strcmp(line, "stop") == 0 && (count == 0 || (count == 2 && is_signal(numbers[0])))) {
        int signal = count == 2 ? (int)numbers[0] : plan->stop_signal;
        if (stopping_begin(signal, count == 2 ? numbers[1] : plan->stop_timeout_ms) < 0)
            answer_result(waiter, -1);
        else
            start_waiting(waiter);
    } else if (strcmp(line, "resize") == 0 && count == 2 && is_length(numbers[0]) && is_length(numbers[1])) {
        answer_result(waiter, resize(numbers[0], numbers[1]));
    } else if (strcmp(line, "wait") == 0 && count == 0) {
        start_waiting(waiter);
    } else if (strcmp(line, "keep") == 0 && count == 0) {
        answer_result(waiter, keep_files());
    } else if (strcmp(line, "renew") == 0 && count == 0) {
        answer_result(waiter, sidecars_renew());
    } else if (strcmp(line, "monitor-cgroups") == 0 && count == 0) {
        answer_result(waiter, added_cgroups_enter(plan));
    } else if (strcmp(line, "lock") == 0 && count == 0) {
        queue_for_lock(waiter, false);
    } else {
        errno = EINVAL;
        answer_result(waiter, -1);
    }
}

/* Obeys the whole lines that have arrived. */
static void obey_lines(struct waiter *waiter)
{
    char *end;
    while (waiter->fd != 0 && is_heard(waiter) && (end = memchr(waiter->line, '\n', waiter->used)) != NULL) {
        size_t length = (size_t)(end - waiter->line);
        char line[LINE_MAX_BYTES + 1];
        memcpy(line, waiter->line, length);
        line[length] = '\0';
        waiter->used = (uint8_t)(waiter->used - length - 1);
        memmove(waiter->line, end + 1, waiter->used);
        obey(waiter, line);
    }
}

static void hear(struct waiter *waiter)
{
    ssize_t n = recv(waiter->fd, waiter->line + waiter->used, LINE_MAX_BYTES - waiter->used, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        drop(waiter);
        return;
    }
    waiter->used = (uint8_t)(waiter->used + n);
    obey_lines(waiter);
    if (waiter->fd != 0 && is_heard(waiter) && waiter->used == LINE_MAX_BYTES) drop(waiter);
}

void control_event(unsigned slot, uint32_t events)
{
    struct waiter *waiter = &waiters[slot];
    if (slot >= CONTROL_SLOTS || waiter->fd == 0) return;
    if (is_heard(waiter) && (events & EPOLLIN))
        hear(waiter);
    else if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        drop(waiter);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = SOURCE_CONTROL_LISTENER};
    if (waiter->fd == 0) epoll_ctl(epoll, EPOLL_CTL_MOD, listener, &event);
}

void control_close(void)
{
    struct waiter *waiter;
    int fd;
    while ((waiter = free_slot()) != NULL &&
           (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        waiter->fd = fd;
        hear(waiter);
    }
    close_fd(&listener);
    for (waiter = waiters; waiter < waiters + CONTROL_SLOTS; waiter++) {
        if (waiter->fd != 0 && is_heard(waiter)) hear(waiter);
    }
}

void control_announce(int code)
{
    char text[48];
    struct signals_sent sent = stopping_sent();
    snprintf(text, sizeof text, "exit %d%s%s\n", code, sent.escalated ? " escalated" : "",
             sent.ignored ? " ignored" : "");
    for (struct waiter *waiter = waiters; waiter < waiters + CONTROL_SLOTS; waiter++) {
        if (waiter->fd == 0 || !waiter->waits) continue;
        answer(waiter, text);
        if (waiter->fd != 0) drop(waiter);
    }
}

void control_hang_up(void)
{
    for (struct waiter *waiter = waiters; waiter < waiters + CONTROL_SLOTS; waiter++) {
        if (waiter->fd != 0) drop(waiter);
    }
}
