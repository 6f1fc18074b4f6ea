/*
 * Signals and window sizes that reach a client are passed on to the container by the signal handlers themselves, so that
 * it does not matter what the client waits for meanwhile.
 */
#pragma once

#include <stdbool.h>

/* The descriptors that signals and sizes go to; -1: nowhere. */
struct proxy {
    int signals; /* a pipe that takes a byte for each; when -1 they are lines to `control` */
    int control; /* a socket that takes the lines `signal N` and `resize ROWS COLUMNS`; answers are thrown away */
};

/* Forwards signals from now on. The terminal is restored before one ends us. */
void proxy_signals(const struct proxy *to);

/* Signals end us as always, but only after the terminal was restored. SIGHUP, the loss of the terminal, always does. */
void proxy_guard_terminal(bool forwards);

/* Tells the size of our terminal now and whenever it changes; does nothing without a terminal. */
void proxy_window_size(const struct proxy *to);

/* Tells a size that differs from the real one by `more` rows and columns: what draws on the screen draws anew. */
void proxy_send_size(int control, int more);
