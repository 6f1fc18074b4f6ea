/* The verb `remove DIR`: deletes a tree without following links. A missing one is fine. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "base/tree.h"
#include "base/util.h"
#include "base/verbs.h"

int remove_main(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] != '/') {
        fputs("usage: remove /DIR\n", stderr);
        return 2;
    }
    char *path = argv[1];
    char *slash = strrchr(path, '/');
    while (slash != path && slash[1] == '\0') {
        *slash = '\0';
        slash = strrchr(path, '/');
    }
    const char *name = slash + 1;
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        errno = EINVAL;
        failed(STAGE_REMOVE, argv[1]);
        report_noted_failure();
        return 1;
    }
    *slash = '\0';
    owned_fd parent = open(slash == path ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *slash = '/';
    if (parent == -1 && errno == ENOENT) return 0;
    if (parent == -1 || tree_remove(parent, name) == -1) {
        failed(STAGE_REMOVE, path);
        report_noted_failure();
        return 1;
    }
    return 0;
}
