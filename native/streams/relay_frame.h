/*
 * The output that is on its way to clients of relay.c. Nothing else is begun before each of them has taken it, so that
 * one that does not read holds the container's output back once it has CLIENT_BUFFER unread.
 */
#pragma once

#include "streams/relay_clients.h"
#include "streams/relay_stream.h"

enum passage {
    PASSAGE_COPY,   /* a frame of the stream's fresh bytes */
    PASSAGE_SPLICE, /* a frame of bytes that are still in the container's pipe, for a single client */
    PASSAGE_DIRECT, /* no frame: from the container's pipe into that of a single client, as much as it takes */
    PASSAGE_TEE,    /* the same, and what it took is read for the log */
};

/* Marks those who get this stream as due; returns how many they are, and in `*last` one of them. */
unsigned frame_address(const struct stream *stream, struct client **last);

/* Marks nobody as due: there is nothing to be sent. */
void frame_abandon(void);

/* Gives those who are due as much as they take. */
void frame_begin(struct stream *stream, size_t size, enum passage passage);

/* Returns the stream whose output is being sent, or NULL if idle. */
const struct stream *frame_stream(void);

/* Returns the one of a due client's descriptors which must have room before frame_push() can go on. */
int frame_waits_for(const struct client *client);

/* Gives a client as much as it takes. */
void frame_push(struct client *client);

/* A client went away (client_lose()): it is due no more. */
void frame_lose(struct client *client);

/* Leaves what is under way without a frame in the container's pipe. */
void frame_withdraw(void);

/* Waits for clients that do not read; those that never do are given up. */
void frame_insist(void);
