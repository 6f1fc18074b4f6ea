/* The container's standard input: what the clients of relay.c give, in the order in which it comes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Takes our end, -1: none. `once`: it ends with the input of any client, unless it is a terminal. */
void input_open(int fd, bool is_terminal, bool once);

/* Closes it; clients are told by relay_attend.h. */
void input_close(int epoll);

bool input_ends_with_client(void);
bool input_is_open(void);
bool input_has_room(void);

void input_watch(int epoll, uint32_t source);

/* Does what the container's end is ready for. False: nobody will ever read it. */
bool input_event(uint32_t events);

enum input_result {
    INPUT_TAKEN,
    INPUT_ENDED,  /* that of the client */
    INPUT_CLOSED, /* the container's own */
};

/* Takes what a client's socket has, as far as there is room; the rest stays there. */
enum input_result input_feed(int client);
