/* The terminal of a client: raw while the container's own terminal does the work, and restored however that ends. */
#pragma once

#include <stdbool.h>
#include <sys/ioctl.h>

/* Makes the terminal on standard input raw; false when there is none. A child puts it back when we are killed. */
bool raw_mode_enter(void);

/* Puts it back; may be called at any time, more than once, and from a signal handler. */
void raw_mode_leave(void);

bool raw_mode_is_on(void);

/* The size of the terminal on standard output, else on standard input; false when neither is one. */
bool read_window_size(struct winsize *size);
