/*
 * forwarder FILE: holds the ports of FILE and has them relayed, as a monitor does, until its standard input ends; then
 * it gives them up, and ends when it is killed. Says what it does in lines: `held`, or the record of the failure;
 * `event SOURCE` for each event; `released`.
 */
#include "forwarder/forwarder.h"

#include "base/report.h"

#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#define STDIN 1
#define FIRST 40

static int failure(void)
{
    char record[RECORD_MAX];
    const char *fields[3];
    size_t size = encode_failure(record);
    if (decode_failure(record, size, fields) < 0) return 2;
    printf("%s %s %s\n", fields[0], fields[1], fields[2]);
    return 1;
}

int main(int argc, char **argv)
{
    sigset_t all;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = STDIN};
    if (argc != 2) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
    if (forwarder_hold(argv[1]) < 0) return failure();
    forwarder_watch(epoll, FIRST);
    puts("held");
    while (epoll_wait(epoll, &event, 1, -1) == 1 && event.data.u32 != STDIN) {
        uint32_t number = event.data.u32 - FIRST;
        if (number >= FORWARDER_SOURCES) return 2;
        forwarder_event(number);
        printf("event %u\n", number);
    }
    forwarder_release();
    puts("released");
    for (;;)
        pause();
}
