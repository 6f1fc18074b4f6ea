/*
 * `await-hangup`: ends when nobody reads its standard output any more, or when its standard input does. A command that
 * waits for something to print has no other way to learn that a pipe of its was closed at the other end.
 */
#include "base/verbs.h"

#include <errno.h>
#include <poll.h>

int await_hangup_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct pollfd ends[2] = {{.fd = 0, .events = POLLIN}, {.fd = 1}};
    while (poll(ends, 2, -1) < 0 && errno == EINTR)
        ;
    return 0;
}
