/*
 * A stream shown at growing addresses, though only a few slots of memory hold what is on its way: for a library that wants
 * to see all of its input or output at once. The next slot is shown where and when an address behind the last one is
 * touched for the first time (SIGSEGV); the one that was shown before in the same memory is no longer there then.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct window {
    uint8_t *base; /* where the first byte of the stream would be */
    size_t size;   /* of the addresses */
    uint8_t *memory;
    size_t slot;    /* bytes */
    size_t slots;   /* how many the memory, which is shared (MAP_SHARED), has */
    uint64_t shown; /* bytes */
    /*
     * Called before a slot of memory is shown, and written to, and says how much of it is: all but at the end of the
     * stream, else whole pages.
     */
    size_t (*prepare)(uint8_t *memory);
};

/* Sets addresses for at most `size` bytes aside, fewer where so many cannot be had. -1 with errno. */
int window_open(struct window *window, size_t size);

/* Watches over the windows, NULL at the end, from now on and for as long as this process lives. */
int windows_watch(struct window *const *windows);

/* Shows the next slot before anybody touches it. */
void window_show(struct window *window);
