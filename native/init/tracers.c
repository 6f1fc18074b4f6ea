#include "init/tracers.h"

#include "base/util.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_same(const struct stat *one, const struct stat *other)
{
    return one->st_ino == other->st_ino && one->st_dev == other->st_dev;
}

/* The bounding set: a program with file capabilities, or a set-user-id one, gets no more than that. */
static bool may_trace(int process)
{
    char text[4096];
    if (read_text(process, "status", text, sizeof text) < 0) return false;
    const char *bounding = strstr(text, "\nCapBnd:\t");
    return bounding != NULL && (strtoull(bounding + 9, NULL, 16) >> CAP_SYS_PTRACE & 1);
}

int has_tracer(pid_t pid)
{
    char path[64];
    struct stat pids, users, own;
    snprintf(path, sizeof path, "/proc/%d/ns/pid", pid);
    if (stat(path, &pids) < 0 || stat("/proc/self/ns/user", &users) < 0) return -1;
    DIR *list = opendir("/proc");
    if (list == NULL) return -1;
    int found = 0;
    for (struct dirent *entry; found == 0 && (entry = readdir(list)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        owned_fd process = openat(dirfd(list), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        /* Whoever has ended meanwhile traces nobody. */
        if (process < 0 || fstatat(process, "ns/pid", &own, 0) < 0 || !is_same(&own, &pids)) continue;
        if (fstatat(process, "ns/user", &own, 0) == 0 && is_same(&own, &users)) found = may_trace(process);
    }
    closedir(list);
    return found;
}
