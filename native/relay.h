/*
 * The container's standard streams: output goes to the log and to the attached client, the client's input to the
 * container. Never blocks: a client that does not read holds the container's output back, as it does with Docker, and
 * a container that does not read holds the client's input back; the monitor stays responsive.
 */
#pragma once

#include "frames.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum relay_source { RELAY_STDOUT = 1, RELAY_STDERR = 2, RELAY_STDIN = 3, RELAY_CLIENT = 4 };

/* Takes our ends of the container's pipes (`input` -1: stdin is /dev/null) and the client's socket (-1: none). */
void relay_serve(int epoll, int input, int output, int error, int client);

void relay_event(enum relay_source source, uint32_t events);

/* The first process ended: takes what is left in the pipes, and closes them and the log. */
void relay_drain(void);

/* Sends a frame of the monitor itself, of at most one byte. */
void relay_send(enum frame_type type, const void *payload, size_t length);
