/* What is unpacked goes to the reader, is hashed, and shows in the outline. */
#pragma once

#include "unpack/ring.h"

/* All before `filled` is final. */
void publish(struct ring *ring, uint64_t filled);

/* Waits until the ring's memory for what is before `end` may be overwritten. */
void publish_room(struct ring *ring, uint64_t end);

/* Ends the archive, of which all was published. */
void publish_end(struct ring *ring);

/* Ends it too early, for a reason that TypeScript knows. */
void publish_failure(struct ring *ring, const char *reason);
