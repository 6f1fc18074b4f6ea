/* The keys that detach, recognised in what is typed, however it is cut into reads. */
#pragma once

#include "streams/client_options.h"

struct detach_keys {
    const struct client_options *options;
    size_t held; /* so many of the sequence's bytes were typed and are kept back */
};

/*
 * Passes `size` typed bytes on to `out`, which has room for DETACH_KEYS_MAX more; returns how many those are. Bytes kept
 * back come out when the sequence breaks. `*detached`: it was completed; what was typed after it is dropped.
 */
size_t detach_keys_filter(struct detach_keys *keys, const uint8_t *typed, size_t size, uint8_t *out,
                          bool *detached);
