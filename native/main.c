/* skiff-helper: performs what a plan says. The verbs are described in native/VERBS.md. */
#include "base/report.h"
#include "base/sealed.h"
#include "base/trace.h"
#include "base/util.h"
#include "base/verbs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

/* Where a verb runs, which says what has to be done before it. */
enum place {
    ON_HOST,
    BESIDE_CONTAINER, /* while a process of a container can look at it: only from a sealed copy */
    IN_CONTAINER      /* nothing is read from the environment, and nothing opened: /dev/null is the image's */
};

/* clang-format off */
static const struct verb {
    const char *name;
    int (*main)(int argc, char **argv);
    enum place place;
} verbs[] = {
    {"run", run_main, BESIDE_CONTAINER},
    {"exec", exec_main, BESIDE_CONTAINER},
    {"attach", attach_main, ON_HOST},
    {"cleanup", cleanup_main, ON_HOST},
    {"host-unmount", host_unmount_main, ON_HOST},
    {"init", reaper_main, IN_CONTAINER},
    {"apply", apply_main, ON_HOST},
    {"remove", remove_main, ON_HOST},
    {"measure", measure_main, ON_HOST},
    {"quota", quota_main, ON_HOST},
    {"archive", archive_main, ON_HOST},
    {"changes", changes_main, ON_HOST},
    {"finish", finish_main, ON_HOST},
    {"list", list_main, ON_HOST},
    {"digest", digest_main, ON_HOST},
    {"gather", gather_main, ON_HOST},
    {"copy", copy_main, ON_HOST},
    {"place", place_main, ON_HOST},
    {"exchange", exchange_main, ON_HOST},
    {"look", look_main, ON_HOST},
    {"lock", lock_main, ON_HOST},
    {"probe-idmap", probe_idmap_main, ON_HOST},
    {"probe-overlay", probe_overlay_main, ON_HOST},
    {"shift", shift_main, ON_HOST},
    {"network", network_main, ON_HOST},
    {"nft", nft_main, ON_HOST},
    {"command-lines", command_lines_main, ON_HOST},
    {"await-hangup", await_hangup_main, ON_HOST},
    {"await-changes", await_changes_main, ON_HOST},
};
/* clang-format on */

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    }
    return NULL;
}

/* A closed standard descriptor would become the next file that is opened, and everybody's output with it. */
static void ensure_standard_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (fd >= 0 && fd <= 2 && fcntl(fd, F_SETFD, 0) == 0);
    if (fd > 2) close(fd);
}

static int print_usage(void)
{
    fputs("skiff-helper is started by skiff, with one of:", stderr);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fprintf(stderr, " %s", verbs[i].name);
    fputs("\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    const struct verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;
    if (verb != NULL && verb->place == IN_CONTAINER) return verb->main(argc - 1, argv + 1);
    trace_begin();
    ensure_standard_descriptors();
    prctl(PR_SET_NAME, "skiff-helper");
    if (verb == NULL) return print_usage();
    if (verb->place == BESIDE_CONTAINER && run_sealed(argv) < 0) {
        char record[RECORD_MAX];
        print_failure(record, encode_failure(record));
        return 125;
    }
    return verb->main(argc - 1, argv + 1);
}
