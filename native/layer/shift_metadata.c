/* Owners, modes, attributes and times of a shifted copy. */
#include "layer/shift.h"

#include "base/util.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

/*
 * Shifts attributes by way of /proc, as the calls that take a directory are of Linux 6.13; the last name is not
 * followed.
 */
static int shift_attributes(const struct id_way *maps, const char *from, const char *to)
{
    static char names[ATTRIBUTE_MAX], value[ATTRIBUTE_MAX + ATTRIBUTE_MORE];
    ssize_t length = llistxattr(from, names, sizeof names);
    if (length < 0) return errno == EOPNOTSUPP ? 0 : -1;
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        /* The host's own label; the copy gets one from the host's policy. */
        if (strcmp(name, "security.selinux") == 0) continue;
        ssize_t size = lgetxattr(from, name, value, ATTRIBUTE_MAX);
        if (size < 0 || translate_attribute(maps, name, value, &size) < 0 ||
            lsetxattr(to, name, value, (size_t)size, 0) < 0)
            return -1;
    }
    return 0;
}

/* Owner first: a change of it takes set-id bits and capabilities away. Times last. */
int shift_metadata(const struct id_way *maps, int from, int to, const char *name, const struct stat *st)
{
    char source[64 + NAME_MAX], target[64 + NAME_MAX];
    uint32_t uid, gid;
    if (translate_id(maps, 'u', st->st_uid, &uid) < 0 || translate_id(maps, 'g', st->st_gid, &gid) < 0)
        return -1;
    if (fchownat(to, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0) return -1;
    if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0) return -1;
    snprintf(source, sizeof source, "/proc/self/fd/%d/%s", from, name);
    snprintf(target, sizeof target, "/proc/self/fd/%d/%s", to, name);
    if (shift_attributes(maps, source, target) < 0) return -1;
    return utimensat(to, name, (struct timespec[]){st->st_atim, st->st_mtim}, AT_SYMLINK_NOFOLLOW);
}
