/* How far a copy is, and whether somebody wants it to end. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Signals that end processes are heeded from now on, and so is the end of who asked; `shown`: lines tell how far it is. */
void progress_begin(bool shown);

/* Another entry. -1 with ECANCELED. */
int progress_entry(void);

/* So many bytes of content. -1 with ECANCELED. */
int progress_bytes(off_t bytes);

/* A socket, which nobody can copy. */
void progress_socket(void);

/* Prints `copied ENTRIES BYTES`, `left-out NAME` for an attribute that could not be kept ("" : none), and `sockets COUNT`. */
void progress_end(const char *left_out);
