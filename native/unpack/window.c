#include "unpack/window.h"

#include "base/util.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

#define SMALLEST ((size_t)1 << 32)

static struct window *const *watched;

int window_open(struct window *window, size_t size)
{
    for (;; size /= 2) {
        void *addresses = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (addresses == MAP_FAILED && errno == ENOMEM && size > SMALLEST) continue;
        if (addresses == MAP_FAILED) return -1;
        window->base = addresses;
        window->size = size;
        return 0;
    }
}

void window_show(struct window *window)
{
    uint64_t number = window->shown / window->slot;
    uint8_t *memory = window->memory + number % window->slots * window->slot;
    uint8_t *place = window->base + window->shown;
    size_t size = window->prepare(memory);
    /* It is shown where it was not yet, an old size of 0 shows shared memory once more (mremap(2)), or moves on. */
    bool is_first = number < window->slots;
    void *from = is_first ? memory : place - window->slots * window->slot;
    if (mremap(from, is_first ? 0 : size, size, MREMAP_MAYMOVE | MREMAP_FIXED, place) == MAP_FAILED) _exit(1);
    window->shown += size;
}

static bool show_at(struct window *window, const uint8_t *address)
{
    const uint8_t *next = window->base + window->shown;
    bool is_next = address >= next && address < next + window->slot && next < window->base + window->size;
    if (is_next) window_show(window);
    return is_next;
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    for (struct window *const *window = watched; *window != NULL; window++)
        if (show_at(*window, info->si_addr)) return;
    /* Not ours: it happens once more, and ends the process. */
    signal(signal_number, SIG_DFL);
}

int windows_watch(struct window *const *windows)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    watched = windows;
    return sigaction(SIGSEGV, &action, NULL);
}
