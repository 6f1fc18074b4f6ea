/*
 * What a process left behind when it ended, and what still writes to its pipes: without a reader its next write would
 * end it. So somebody goes on reading, and throws away what comes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Whether somebody can still write to one of them (-1: there is none). */
bool leftover_stays(const int pipes[2]);

/* Reads both pipes (-1: there is none) to their ends, or until the container's first process, a pidfd, has ended. */
void leftover_drain(const int pipes[2], int container);

/*
 * Takes over a pipe that epoll watches for no one else; its data.u32 is `first_source` and the pipe's number. There are
 * never more than a few: for the next one the oldest is closed.
 */
void leftover_keep(int epoll, uint32_t first_source, int pipe);

/* Something is there, or its end is: at most one read. */
void leftover_event(int pipe);

/* The container ended. */
void leftover_close(void);
