#include "sysctl.h"

#include "util.h"

#include <stdio.h>
#include <string.h>

int write_sysctl(const char *name, const char *value)
{
    char path[256];
    bool slashes = strchr(name, '/') != NULL; /* then dots belong to names: net/ipv4/conf/eth0.1/forwarding */
    int length = snprintf(path, sizeof path, "/proc/sys/%s", name);
    if (length >= (int)sizeof path || strstr(name, "..") != NULL) return fail_with(EINVAL);
    for (char *c = path; *c != '\0' && !slashes; c++) {
        if (*c == '.') *c = '/';
    }
    return write_text(path, value);
}
