/*
 * The verb `exchange ONE OTHER`: two paths of one file system name in one step what the other one did, and do so on the disk
 * when it ends. It does nothing once who asked has ended: nobody waits for it then, and somebody may put things right.
 */
#include "base/child.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXCHANGE 2 /* RENAME_EXCHANGE, which not every libc has */

static int sync_directory_of(const char *path)
{
    char copy[PATH_MAX];
    if (strlen(path) >= sizeof copy) return fail_with(ENAMETOOLONG);
    owned_fd directory = open(dirname(strcpy(copy, path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return directory < 0 ? -1 : fsync(directory);
}

/* The error record has a reader as long as somebody waits. */
static int end_with_who_asked(void)
{
    struct pollfd report = {.fd = REPORT_FD};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bool alone = poll(&report, 1, 0) > 0 && (report.revents & (POLLERR | POLLHUP)) != 0;
    return alone ? fail_with(ECANCELED) : 0;
}

int exchange_main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: exchange ONE OTHER\n", stderr);
        return 2;
    }
    if (end_with_who_asked() == 0 &&
        syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], EXCHANGE) == 0 &&
        sync_directory_of(argv[1]) == 0 && sync_directory_of(argv[2]) == 0)
        return 0;
    failed(STAGE_EXCHANGE, argv[1]);
    report_noted_failure();
    return 1;
}
