/*
 * CVE-2019-5736: between clone and execve the container's first process runs this program, and with an entry point of
 * /proc/self/exe even afterwards. A process of the container could keep /proc/self/exe open and, once nobody executes
 * the file any more, open it again for writing, as root of the host.
 *
 * So the helper runs from a clone of its own mount (a bind mount of the file) that is attached nowhere and read-only:
 * opening it for writing says EROFS whatever the file's mode. Its pages are those of the file: shared by all monitors,
 * where a copy in memory (memfd) costs each container the program's size. The clone's descriptor is closed by execve,
 * before any container exists, and that matters: closing dissolves the clone's anonymous mount namespace, and
 * mount_setattr(2), which any owner of a user namespace may call on a mount in an anonymous one, answers EINVAL from
 * then on.
 *
 * Without these calls (before 5.12, or refused) a sealed copy in memory is used. SKIFF_SEAL=memfd asks for it.
 */
#include "base/sealed.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/trace.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* argv[0] of the second start: when it is not sealed either, there will be no third. */
#define SEALED_NAME "skiff-helper (sealed)"

extern char **environ;

static bool is_sealed(int self)
{
    struct statvfs mount;
    if (fstatvfs(self, &mount) == 0 && (mount.f_flag & ST_RDONLY)) return true;
    int seals = fcntl(self, F_GET_SEALS);
    return seals != -1 && (seals & ALL_SEALS) == ALL_SEALS;
}

static int clone_mount(void)
{
    owned_fd mount = k_open_tree(AT_FDCWD, "/proc/self/exe", K_OPEN_TREE_CLONE);
    if (mount < 0) return -1;
    if (k_mount_setattr(mount, false, K_ATTR_RDONLY | K_ATTR_NOSUID | K_ATTR_NODEV) < 0) return -1;
    return steal_fd(&mount);
}

static int copy_to_memory(int self)
{
    owned_fd memory = memfd_create("skiff-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct stat stat;
    if (memory < 0 || fstat(self, &stat) < 0) return -1;
    for (off_t copied = 0; copied < stat.st_size;) {
        ssize_t n = sendfile(memory, self, NULL, (size_t)(stat.st_size - copied));
        if (n < 0) return -1;
        if (n == 0) return fail_with(EIO);
        copied += n;
    }
    if (fchmod(memory, 0555) < 0 || fcntl(memory, F_ADD_SEALS, ALL_SEALS) < 0) return -1;
    return steal_fd(&memory);
}

static void execute(int program, char **argv)
{
    argv[0] = SEALED_NAME;
    syscall(SYS_execveat, program, "", argv, environ, AT_EMPTY_PATH);
}

int sealed_copy(void)
{
    owned_fd self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    return self < 0 ? -1 : copy_to_memory(self);
}

int run_sealed(char **argv)
{
    owned_fd self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (self < 0) return failed(STAGE_SEAL, "/proc/self/exe");
    if (is_sealed(self)) return 0;
    if (strcmp(argv[0], SEALED_NAME) == 0) {
        errno = ELOOP;
        return failed(STAGE_SEAL, "/proc/self/exe");
    }
    const char *wanted = getenv("SKIFF_SEAL");
    owned_fd program = wanted != NULL && strcmp(wanted, "memfd") == 0 ? -1 : clone_mount();
    trace("mount cloned");
    if (program >= 0) execute(program, argv);
    close_fd(&program);
    program = copy_to_memory(self);
    if (program >= 0) execute(program, argv);
    return failed(STAGE_SEAL, "/proc/self/exe");
}
