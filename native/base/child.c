#include "base/child.h"

#include "base/kernel.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void leave_keyring(const char *id)
{
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, id);
}

void forget_caller(void)
{
    /* On the stack they lie one behind the other, and the path of the program behind them (execve(2), auxv). */
    char *end = (char *)getauxval(AT_EXECFN);
    if (end > program_invocation_name)
        memset(program_invocation_name, 0, (size_t)(end - program_invocation_name));
}

void die_with_monitor(void)
{
    die_with_reader(REPORT_FD);
}

void die_with_reader(int report)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* In a new pid namespace getppid() is 0, whoever lives; but only the monitor reads from the report pipe. */
    struct pollfd pipe = {.fd = report};
    if (poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR)) _exit(1);
}
