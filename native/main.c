/* skiff-helper: performs what a plan says. The verbs are described in src/ARCHITECTURE.md. */
#include "base/report.h"
#include "base/sealed.h"
#include "base/trace.h"
#include "base/util.h"
#include "base/verbs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static const struct verb {
    const char *name;
    int (*main)(int argc, char **argv);
    bool meets_containers; /* runs while a process of a container can look at it: only from a sealed copy */
} verbs[] = {
    {"run", run_main, true},
    {"exec", exec_main, true},
    {"attach", attach_main, false},
    {"cleanup", cleanup_main, false},
    {"apply", apply_main, false},
    {"remove", remove_main, false},
    {"measure", measure_main, false},
    {"lock", lock_main, false},
    {"probe-idmap", probe_idmap_main, false},
    {"shift", shift_main, false},
    {"network", network_main, false},
    {"nft", nft_main, false},
    {"await-hangup", await_hangup_main, false},
};

/* A closed standard descriptor would become the next file that is opened, and everybody's output with it. */
static void ensure_standard_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (fd >= 0 && fd <= 2 && fcntl(fd, F_SETFD, 0) == 0);
    if (fd > 2) close(fd);
}

int main(int argc, char **argv)
{
    /* Inside of a container: nothing is read from its environment, and nothing opened, /dev/null is the image's. */
    if (argc > 1 && strcmp(argv[1], "init") == 0) return reaper_main(argc - 1, argv + 1);
    trace_begin();
    ensure_standard_descriptors();
    prctl(PR_SET_NAME, "skiff-helper");
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++) {
        const struct verb *verb = &verbs[i];
        if (strcmp(argv[1], verb->name) != 0) continue;
        if (verb->meets_containers && run_sealed(argv) < 0) {
            char record[RECORD_MAX];
            print_failure(record, encode_failure(record));
            return 125;
        }
        return verb->main(argc - 1, argv + 1);
    }
    fputs("skiff-helper is started by skiff, with one of:", stderr);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fprintf(stderr, " %s", verbs[i].name);
    fputs("\n", stderr);
    return 2;
}
