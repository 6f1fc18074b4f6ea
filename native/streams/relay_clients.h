/* The clients of relay.c: who gets what of the output, and gives input. Their descriptors, and what is known of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_CLIENTS 16

/* What a client may leave unread before it holds the others up; the kernel's memory, and only while it does. */
#define CLIENT_BUFFER (1 << 20)

/* A pipe that is a client's standard output or error. */
struct direct_output {
    int fd; /* -1: it has none, or is to be sent frames only */
    int watched;
    bool wide;
};

struct client {
    int fd; /* 0: a free slot; descriptor 0 is /dev/null and never a client */
    int watched;
    unsigned streams;               /* of output that it still gets, and STREAM_IN while it may give input */
    struct direct_output direct[2]; /* much output at once goes there without its help */
    bool hung_up;                   /* only what it had sent before is of interest */
    bool drained;                   /* it has written all frames that were sent to it */
    bool due;                       /* has not taken all of what is under way (relay_frame.h) */
    size_t sent;                    /* of a frame under way, header included */
};

extern struct client relay_clients[RELAY_CLIENTS];

void clients_serve(int epoll);

/* Returns a free slot; NULL: all are taken. */
struct client *client_free_slot(void);

/* Takes the socket and, unless `outputs` is NULL, the pipes that are its standard output and error, -1: none. */
void client_add(int socket, unsigned wanted, const int outputs[2]);

/* Sets how much a client may leave unread in its socket. */
void client_make_room(const struct client *client, int size);

/* The pipe that is this stream of it, if it can be written to now without changing the order of its output; else -1. */
int client_direct_output(struct client *client, unsigned stream);

/* Closes a client's own outputs: from now on it is sent frames only. */
void client_close_outputs(struct client *client);

/* Notes that it went away: the container lives on. What it had sent before is still for the container. */
void client_lose(struct client *client);

/* Frees its slot; nothing is under way to it. */
void client_close(struct client *client);
