/* Pipes through which the forwarder moves data from socket to socket, kept for the next who needs one. */
#pragma once

#include <stddef.h>

struct pipe {
    int in, out; /* -1: none */
};

#define NO_PIPE ((struct pipe){-1, -1})

/* Makes it a pipe unless it is one; empty. -1 with errno. */
int pipe_take(struct pipe *pipe);

/* Gives a pipe back; NO_PIPE is fine. With something left in it, it is of no use to anybody else, and closed. */
void pipe_give_back(struct pipe *pipe, size_t left);
