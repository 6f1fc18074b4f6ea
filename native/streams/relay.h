/*
 * The container's standard streams: output goes to the log and to every attached client, their input to the container.
 * Never blocks. A client that does not read holds the container's output back once its socket is full (1 MB), as it
 * does with Docker; a container that does not read holds the clients' input back; the monitor stays responsive.
 */
#pragma once

#include "streams/client_options.h"
#include "streams/frames.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of different events of relay_watch(). */
#define RELAY_SOURCES 35

/*
 * Says, before the first relay_serve(), which streams the client wants that starts the container; 0: it only hears of
 * start and failure. One that wants STREAM_IN and ends its input, or goes away, ends the container's: with all others
 * it stays open (Docker's StdinOnce). A terminal is never ended by anybody. Those of our own standard output and error
 * that are pipes, and wanted, are kept: much output goes right into them.
 */
void relay_expect(unsigned streams);

/* Whether input ends with that of a client (1) or not (-1); 0: it does if the starter takes part in it. */
void relay_end_input(int once);

/*
 * Says where events are waited for: those of relay_event() are data.u32 from `first_source` on. Before the first
 * relay_serve().
 */
void relay_watch(int epoll, uint32_t first_source);

/*
 * Takes our ends of the container's pipes, none of which blocks: `input` -1: stdin is /dev/null. With a terminal
 * `output` is its master, `error` -1 and `input` another descriptor of the master, or -1. `client` is the socket of the
 * one who starts it, -1 from the second start on: those who are there stay.
 */
void relay_serve(int input, int output, int error, int client);

/* Whether another client can join. -1 with EBUSY: none can. */
int relay_has_room(void);

/* Takes a client's socket, which does not block: it gets what comes from now on. */
void relay_join(int client, unsigned streams);

/* The terminal's size; -1 with ENOTTY: there is no terminal. */
int relay_resize(unsigned rows, unsigned columns);

void relay_event(uint32_t number, uint32_t events);

/* The first process ended: takes what is left in the pipes, and closes them and the log. */
void relay_drain(void);

/* Sends every client a frame of the monitor itself, of at most FRAME_EXIT_MAX bytes. */
void relay_send(enum frame_type type, const void *payload, size_t length);

/* Hangs up on all clients: this run has ended, whether or not there is another. */
void relay_hang_up(void);

/*
 * Returns after how many ms without an event relay_rest() is due, -1: it is not. It gives back memory that much output
 * took.
 */
int relay_timeout(void);
void relay_rest(void);
