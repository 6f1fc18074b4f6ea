#include "exec/tracee.h"

#include "base/report.h"
#include "state/cgroup.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS (PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE)

int tracee_begin(void)
{
    /* Not raise(3), which takes us for the process that we were cloned from. */
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? -1 : kill(getpid(), SIGSTOP);
}

/* Leaves the end of a process to whoever reaps it. False: it has ended. */
static bool await_stop(pid_t pid, int *event)
{
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL) < 0 && errno == EINTR)
        ;
    if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) return false;
    *event = info.si_status;
    return waitid(P_PID, (id_t)pid, &info, WSTOPPED | __WALL) == 0;
}

/* The child, stopped; 0 when the stage ended without one, or is stopped after one that was killed before it was seen. */
static pid_t await_child(pid_t stage)
{
    int stopped;
    unsigned long child = 0;
    while (await_stop(stage, &stopped)) {
        int event = stopped >> 8;
        if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE) {
            ptrace(PTRACE_GETEVENTMSG, stage, NULL, &child);
            return await_stop((pid_t)child, &stopped) ? (pid_t)child : 0;
        }
        ptrace(PTRACE_CONT, stage, NULL, (void *)(long)(event != 0 ? 0 : stopped));
    }
    return 0;
}

int tracee_move(pid_t stage, const struct plan *plan, pid_t member)
{
    int stopped;
    if (!await_stop(stage, &stopped)) return 0;
    if (ptrace(PTRACE_SETOPTIONS, stage, NULL, (void *)OPTIONS) < 0) {
        kill(stage, SIGKILL);
        return 0;
    }
    ptrace(PTRACE_CONT, stage, NULL, NULL);
    pid_t child = await_child(stage);
    if (child == 0) {
        /* One that waited on would keep its child a zombie, and with it the container's pid namespace. */
        ptrace(PTRACE_DETACH, stage, NULL, NULL);
        return 0;
    }
    int result = cgroups_place(plan, child, member);
    if (result < 0) {
        kill(child, SIGKILL);
        kill(stage, SIGKILL);
        waitpid(child, NULL, __WALL);
        waitpid(stage, NULL, __WALL);
        return -1;
    }
    ptrace(PTRACE_DETACH, child, NULL, NULL);
    ptrace(PTRACE_DETACH, stage, NULL, NULL);
    return 0;
}
