#include "base/sysctl.h"

#include "base/util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SYSCTL_PATH_MAX 256

static int path_of(const char *name, char path[SYSCTL_PATH_MAX])
{
    bool slashes = strchr(name, '/') != NULL; /* then dots belong to names: net/ipv4/conf/eth0.1/forwarding */
    int length = snprintf(path, SYSCTL_PATH_MAX, "/proc/sys/%s", name);
    if (length >= SYSCTL_PATH_MAX || strstr(name, "..") != NULL) return fail_with(EINVAL);
    for (char *c = path; *c != '\0' && !slashes; c++) {
        if (*c == '.') *c = '/';
    }
    return 0;
}

int write_sysctl(const char *name, const char *value)
{
    char path[SYSCTL_PATH_MAX];
    return path_of(name, path) < 0 ? -1 : write_text(path, value);
}

int check_sysctl(const char *name, const char *value)
{
    char path[SYSCTL_PATH_MAX], found[64];
    if (path_of(name, path) < 0 || read_text(AT_FDCWD, path, found, sizeof found) < 0) return -1;
    found[strcspn(found, "\n")] = '\0';
    return strcmp(found, value) == 0 ? 0 : fail_with(EINVAL);
}
