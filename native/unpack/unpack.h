/*
 * The process that unpacks an archive: it alone sees the bytes that came from elsewhere before they are known to be an
 * archive's, and has no rights (unpack/jail.c). It reads them on standard input and writes the outline to OUTLINE_FD;
 * files' content goes through the ring.
 */
#pragma once

#include "unpack/ring.h"

/* Starts it, `compression` is "gzip" or "none"; this process has its two descriptors no longer. -1 with errno. */
int unpack_start(struct ring *ring, const char *compression);

/* Waits until it has ended: 0 if all of the archive was there, else -1. */
int unpack_end(struct ring *ring);
