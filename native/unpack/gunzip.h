/* Unpacks gzip (RFC 1952) of any number of members. */
#pragma once

#include "unpack/ring.h"

/* Makes ready what cannot be had in the jail. -1 with errno. */
int gunzip_prepare(struct ring *ring);

/* Reads standard input to its end and publishes what is in it; returns NULL, or why it cannot go on. */
const char *gunzip(void);
