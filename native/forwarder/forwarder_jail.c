#include "forwarder/forwarder_jail.h"

#include "base/util.h"
#include "confine/confine.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef F_SETPIPE_SZ
#define F_SETPIPE_SZ 1031
#endif

/* An id of nobody: neither the host nor a container's range of ids has it. In a user namespace it may not be there. */
#define FORWARDER_UID 1957000054
#define NOBODY 65534

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "the forwarder's system call filter does not know this architecture"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped)
#define IF(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skipped, 0)
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)
#define ALLOW(call) UNLESS(SYS_##call, 1), ANSWER(SECCOMP_RET_ALLOW)

/* The most frequent ones first. What is not here ends the process. */
static const struct sock_filter filter[] = {
    LOAD(arch),
    IF(ARCH, 1),
    ANSWER(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    ALLOW(splice),
    ALLOW(recvfrom),
    ALLOW(sendto),
#ifdef SYS_epoll_wait
    ALLOW(epoll_wait),
#endif
    ALLOW(epoll_pwait),
    ALLOW(recvmsg),
    ALLOW(sendmsg),
    ALLOW(epoll_ctl),
    ALLOW(accept4),
    ALLOW(connect),
    ALLOW(close),
    ALLOW(setsockopt),
    ALLOW(getsockopt),
    ALLOW(shutdown),
    ALLOW(write),
    ALLOW(pipe2),
    ALLOW(clock_gettime),
    ALLOW(restart_syscall),
    ALLOW(exit_group),
    UNLESS(SYS_fcntl, 4),
    LOAD(args[1]),
    UNLESS(F_SETPIPE_SZ, 1),
    ANSWER(SECCOMP_RET_ALLOW),
    ANSWER(SECCOMP_RET_KILL_PROCESS),
    UNLESS(SYS_socket, 4),
    LOAD(args[0]),
    IF(AF_INET, 1),
    UNLESS(AF_INET6, 1),
    ANSWER(SECCOMP_RET_ALLOW),
    ANSWER(SECCOMP_RET_KILL_PROCESS),
};

static int limit(int resource, rlim_t value)
{
    struct rlimit limits;
    if (getrlimit(resource, &limits) < 0) return -1;
    if (value > limits.rlim_max) value = limits.rlim_max;
    limits = (struct rlimit){value, value};
    return setrlimit(resource, &limits) < 0 ? -1 : (int)value;
}

/*
 * Makes a directory of this process's own the root: it may not even list it once it is another user, and it is gone when
 * the process ends.
 */
static int leave_files(void)
{
    return chroot("/proc/self/fdinfo") < 0 || chdir("/") < 0 ? -1 : 0;
}

static int become_nobody(void)
{
    struct capability_sets none = {.given = true};
    struct identity identity = {.uid = FORWARDER_UID, .gid = FORWARDER_UID};
    if (confine(&identity, &none, false) == 0) return 0;
    identity.uid = identity.gid = NOBODY;
    return errno == EINVAL ? confine(&identity, &none, false) : -1;
}

int forwarder_limit_descriptors(int count)
{
    return limit(RLIMIT_NOFILE, (rlim_t)count);
}

/*
 * Has the kernel end this process with its parent; not before, as a change of user makes the kernel forget it. A parent
 * that died before is noticed by its absence.
 */
static int die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) return -1;
    return getppid() == parent ? 0 : fail_with(ESRCH);
}

int forwarder_enter_jail(pid_t parent)
{
    const struct sock_fprog program = {sizeof filter / sizeof *filter, (struct sock_filter *)filter};
    if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_FSIZE, 0) < 0) return -1;
    if (leave_files() < 0 || become_nobody() < 0 || limit(RLIMIT_NPROC, 0) < 0 || die_with(parent) < 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
