/* What the resolver may do: read the files of names, and talk. */
#include "resolver/resolver_parts.h"

#include "base/kernel.h"
#include "base/util.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

/*
 * The id of user and group. Not nobody's: other programs run as nobody, and whoever has the same id may send signals.
 * Far from what systems give to users, to services, and as ranges to user namespaces (/etc/subuid).
 */
#define RESOLVER_ID 1957000053

/* Sockets for questions and clients, two for each connection, and a few more. */
#define FILES_MAX (PENDING_MAX + 2 * STREAMS_MAX + 16)

/* The most memory of data. The resolver allocates nothing; what is there already may be more, and stays. */
#define MEMORY_MAX (4 << 20)

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the name of this architecture for seccomp is missing"
#endif

/* The lower half of an argument: both architectures have it first. */
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define ALLOW(name) IS(SYS_##name, 0, 1), RETURN(SECCOMP_RET_ALLOW)

/* Open flags that say more than to read. */
#define WRITES (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)

static struct sock_filter filter[] = {
    LOAD(offsetof(struct seccomp_data, arch)),
    IS(ARCHITECTURE, 1, 0),
    RETURN(SECCOMP_RET_KILL_PROCESS),
    LOAD(offsetof(struct seccomp_data, nr)),
#ifdef SYS_epoll_wait
    ALLOW(epoll_wait),
#endif
    ALLOW(epoll_pwait),
    ALLOW(epoll_ctl),
    ALLOW(recvfrom),
    ALLOW(sendto),
    ALLOW(sendmsg),
    ALLOW(read),
    ALLOW(close),
    ALLOW(fstat),
    ALLOW(fstatfs),
    ALLOW(newfstatat),
    ALLOW(getdents64),
    ALLOW(connect),
    ALLOW(accept4),
    ALLOW(getrandom),
    ALLOW(clock_gettime),
    ALLOW(madvise),
    ALLOW(restart_syscall),
    ALLOW(exit_group),
    /* openat(directory, path, flags): only to read */
    IS(SYS_openat, 0, 5),
    LOAD(ARGUMENT(2)),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, WRITES),
    IS(0, 0, 1),
    RETURN(SECCOMP_RET_ALLOW),
    RETURN(SECCOMP_RET_KILL_PROCESS),
    /* socket(family, type, protocol): of IP, for datagrams or a stream */
    IS(SYS_socket, 0, 8),
    LOAD(ARGUMENT(0)),
    IS(AF_INET, 1, 0),
    IS(AF_INET6, 0, 5),
    LOAD(ARGUMENT(1)),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 15),
    IS(SOCK_DGRAM, 1, 0),
    IS(SOCK_STREAM, 0, 1),
    RETURN(SECCOMP_RET_ALLOW),
    RETURN(SECCOMP_RET_KILL_PROCESS),
};

static int install_filter(void)
{
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static int limit(int resource, rlim_t most)
{
    struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
    return setrlimit(resource, &limit);
}

static int set_limits(void)
{
    if (limit(RLIMIT_NOFILE, FILES_MAX) < 0 || limit(RLIMIT_NPROC, 0) < 0 || limit(RLIMIT_FSIZE, 0) < 0 ||
        limit(RLIMIT_CORE, 0) < 0)
        return -1;
    return limit(RLIMIT_AS, MEMORY_MAX);
}

static int drop_bounding(void)
{
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return -1;
    }
    return 0;
}

/*
 * Becomes another user, with whose id the capabilities go by themselves (capabilities(7)); here whatever the securebits
 * say.
 */
static int become_nobody(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (drop_bounding() < 0 || syscall(SYS_setgroups, 0, NULL) < 0 ||
        syscall(SYS_setresgid, RESOLVER_ID, RESOLVER_ID, RESOLVER_ID) < 0 ||
        syscall(SYS_setresuid, RESOLVER_ID, RESOLVER_ID, RESOLVER_ID) < 0)
        return -1;
    return (int)syscall(SYS_capset, &header, none);
}

int resolver_confine(int root, pid_t parent)
{
    if (fchdir(root) < 0 || chroot(".") < 0) return -1;
    if (set_limits() < 0 || become_nobody() < 0) return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return -1;
    /* The kernel forgets this when the user changes, so it is asked for now; the parent may be gone already. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) return -1;
    return getppid() == parent ? install_filter() : fail_with(ESRCH);
}
