/*
 * The verb `look ROOT PATH`: prints what lies at PATH as fields, each ended by NUL: mode (octal, with its type), size, time
 * of modification (seconds, a point and nine digits), what it points to if it is a link; then the mode of what a link leads to in the end, empty
 * when that is not there.
 */
#include "archive/root.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

static int read_target(int fd, const struct stat *stat, char target[PATH_MAX])
{
    ssize_t length = S_ISLNK(stat->st_mode) ? readlinkat(fd, "", target, PATH_MAX - 1) : 0;
    if (length < 0) return -1;
    target[length] = '\0';
    return 0;
}

/* Empty for what is not there. */
static int describe_end(int root, const char *path, char mode[16])
{
    struct stat stat;
    *mode = '\0';
    owned_fd fd = root_open(root, path, true);
    if (fd < 0) return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
    if (fstat(fd, &stat) < 0) return -1;
    snprintf(mode, 16, "%o", stat.st_mode);
    return 0;
}

static int look(const char *root_text, const char *path)
{
    struct stat stat;
    char target[PATH_MAX], end[16];
    owned_fd root = open_root(root_text);
    if (root < 0) return -1;
    owned_fd fd = root_open(root, path, false);
    if (fd < 0 || fstat(fd, &stat) < 0 || read_target(fd, &stat, target) < 0 ||
        describe_end(root, path, end) < 0)
        return failed(STAGE_LOOK, path);
    printf("%o%c%lld%c%lld.%09ld%c%s%c%s%c", stat.st_mode, 0, (long long)stat.st_size, 0,
           (long long)stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec, 0, target, 0, end, 0);
    return 0;
}

int look_main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: look ROOT PATH\n", stderr);
        return 2;
    }
    if (look(argv[1], argv[2]) == 0) return 0;
    report_noted_failure();
    return 1;
}
