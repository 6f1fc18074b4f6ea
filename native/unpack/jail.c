#include "unpack/jail.h"

#include "base/util.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "the unpacker's system call filter does not know this architecture"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped)
#define IF(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skipped, 0)
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)
#define ALLOW(call) UNLESS(SYS_##call, 1), ANSWER(SECCOMP_RET_ALLOW)

/* The address sanitizer looks where the stack is when it is left by longjmp. */
#ifdef __SANITIZE_ADDRESS__
#define ALLOW_SANITIZER ALLOW(sigaltstack),
#else
#define ALLOW_SANITIZER
#endif

/* What is not here ends the process. */
static const struct sock_filter filter[] = {
    LOAD(arch),
    IF(ARCH, 1),
    ANSWER(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    ALLOW(read),
    ALLOW(write),
    ALLOW(rt_sigreturn),
    ALLOW(mremap),
    ALLOW_SANITIZER ALLOW(restart_syscall),
    ALLOW(exit_group),
    ANSWER(SECCOMP_RET_KILL_PROCESS),
};

static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    return (int)syscall(SYS_capset, &header, none);
}

int unpack_enter_jail(pid_t parent)
{
    const struct sock_fprog program = {sizeof filter / sizeof *filter, (struct sock_filter *)filter};
    if (drop_capabilities() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) return -1;
    if (getppid() != parent) return fail_with(ESRCH);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
