#include "client/detach_keys.h"

#include <string.h>

/* The bytes kept back and `next` do not go on as the sequence does: how many of their last ones begin it again. */
static size_t restart(const struct client_options *options, size_t held, uint8_t next)
{
    for (size_t length = held; length > 0; length--) {
        if (options->keys[length - 1] == next &&
            memcmp(options->keys, options->keys + held - (length - 1), length - 1) == 0)
            return length;
    }
    return 0;
}

size_t detach_keys_filter(struct detach_keys *keys, const uint8_t *typed, size_t size, uint8_t *out,
                          bool *detached)
{
    const struct client_options *options = keys->options;
    size_t passed = 0;
    *detached = false;
    for (size_t i = 0; i < size; i++) {
        if (options->key_count > 0 && typed[i] == options->keys[keys->held]) {
            *detached = ++keys->held == options->key_count;
            if (*detached) break;
            continue;
        }
        size_t held = restart(options, keys->held, typed[i]);
        /* What was kept back begins as the sequence does, so it need not be stored. */
        size_t released = keys->held + 1 - held;
        size_t old = released < keys->held ? released : keys->held;
        memcpy(out + passed, options->keys, old);
        passed += old;
        if (released > keys->held) out[passed++] = typed[i];
        keys->held = held;
    }
    return passed;
}
