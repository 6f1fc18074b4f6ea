/*
 * What TypeScript gets to see of an archive: everything but the content of plain files, of which it only hears
 * (src/storage/layer/LAYERS.md, "The outline of an archive"). Here nothing is checked or decided; an entry that is anything
 * but plain goes out as it is.
 */
#pragma once

#include "unpack/ring.h"

#define OUTLINE_FD 4

/* Goes on to `filled`, the end of the archive if `last`. */
void outline_advance(const struct ring *ring, uint64_t filled, bool last);

/* The position before which nothing is needed any more. */
uint64_t outline_needed(const struct ring *ring);

/* Sends the record that ends the outline, and all before it. */
void outline_end(char kind, const void *body, size_t length);

/* Sends what has gathered. A reader that is gone ends this process. */
void outline_flush(void);
