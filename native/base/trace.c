#include "base/trace.h"

#include "base/util.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MOMENTS 200

struct moments {
    int64_t origin;
    atomic_uint count;
    struct {
        int64_t ns;
        const char *what;
        char role;
    } moment[MOMENTS];
};

static struct moments *shared;
static char current = TRACE_CLIENT;

void trace_begin(void)
{
    const char *wanted = getenv("SKIFF_TRACE");
    if (wanted == NULL || *wanted == '\0' || strcmp(wanted, "0") == 0) return;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        shared = NULL;
        return;
    }
    /* "1" asks for a trace; a larger number is the origin, left by this program before it executed its copy. */
    shared->origin = strtoll(wanted, NULL, 10);
    if (shared->origin > 1) {
        setenv("SKIFF_TRACE", "1", 1);
        trace("re-executed");
        return;
    }
    shared->origin = monotonic_ns();
    char origin[24];
    snprintf(origin, sizeof origin, "%lld", (long long)shared->origin);
    setenv("SKIFF_TRACE", origin, 1);
}

void trace_as(enum trace_role role)
{
    current = (char)role;
}

void trace(const char *what)
{
    if (shared == NULL) return;
    unsigned i = atomic_fetch_add(&shared->count, 1);
    if (i >= MOMENTS) return;
    shared->moment[i].ns = monotonic_ns();
    shared->moment[i].what = what;
    shared->moment[i].role = current;
}

void trace_print(void)
{
    if (shared == NULL) return;
    unsigned count = atomic_load(&shared->count);
    for (unsigned i = 0; i < count && i < MOMENTS; i++) {
        if (shared->moment[i].what == NULL) continue;
        dprintf(2, "skiff-helper: %7lld us  %c  %s\n",
                (long long)(shared->moment[i].ns - shared->origin) / 1000, shared->moment[i].role,
                shared->moment[i].what);
    }
}
