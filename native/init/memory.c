#include "init/memory.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "init/mounts.h"

#include <string.h>
#include <sys/stat.h>

/* The host's tree is that of this process alone by now: nobody else sees what is mounted there. */
static int mount_memory(const char *directory)
{
    uint64_t attributes;
    if (mount_attributes("nosuid,nodev", &attributes, NULL, NULL) < 0) return -1;
    owned_fd mount = make_file_system("tmpfs", "tmpfs", "mode=700", attributes);
    if (mount < 0) return -1;
    owned_fd place = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return place < 0 ? -1 : k_move_mount(mount, place);
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static int write_hex(int fd, const char *hex)
{
    uint8_t bytes[4096];
    size_t held = 0;
    for (; *hex != '\0'; hex += 2) {
        int high = digit_value(hex[0]), low = hex[1] == '\0' ? -1 : digit_value(hex[1]);
        if (high < 0 || low < 0) return fail_with(EINVAL);
        bytes[held++] = (uint8_t)(high << 4 | low);
        if (held < sizeof bytes) continue;
        if (write_all(fd, bytes, held) < 0) return -1;
        held = 0;
    }
    return write_all(fd, bytes, held);
}

static int make_file(const struct record *record)
{
    const char *const *arg = record->arg;
    uint64_t mode, owner, group;
    if (parse_unsigned(arg[1], 8, &mode) < 0 || mode > 07777 || parse_unsigned(arg[2], 10, &owner) < 0 ||
        parse_unsigned(arg[3], 10, &group) < 0)
        return fail_with(EINVAL);
    owned_fd fd = open(arg[0], O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || write_hex(fd, arg[4]) < 0) return -1;
    return fchown(fd, (uid_t)owner, (gid_t)group) < 0 ? -1 : fchmod(fd, (mode_t)mode);
}

int step_memory(const struct rootfs *rootfs, const struct record *record)
{
    if (rootfs->pivoted || rootfs->unprivileged)
        errno = EINVAL;
    else if (record->op == OP_MEMORY ? mount_memory(record->arg[0]) == 0 : make_file(record) == 0)
        return 0;
    return failed(STAGE_MOUNT, record->arg[0]);
}
