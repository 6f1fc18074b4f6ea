#include "monitor/stopping.h"

#include "base/kernel.h"
#include "base/util.h"
#include "state/cgroup.h"
#include "state/events.h"
#include "state/evidence.h"

#include <signal.h>

static const struct plan *plan;
static pid_t init_pid;
static int init = -1;        /* -1: it ended, and may be started again */
static int64_t kill_at = -1; /* monotonic ms; -1: nobody asked for it */
static int stopped_with;     /* the signal that asked it to end before */
static bool ends;            /* for good */
static struct signals_sent sent;

void stopping_prepare(const struct plan *of)
{
    plan = of;
}

void stopping_follow(pid_t pid, int pidfd)
{
    init_pid = pid;
    init = pidfd;
    kill_at = -1;
    if (pidfd >= 0) sent = (struct signals_sent){0};
}

bool stopping_is_wanted(void)
{
    return ends;
}

int stopping_send(int number)
{
    if (k_pidfd_send_signal(init, number) < 0) return -1;
    sent.last = number;
    sent.at = realtime_ms();
    if (number == SIGKILL) cgroups_thaw(plan);
    event_append("kill", "\"signal\":\"%d\"", number);
    return 0;
}

/* Whether it is a signal by which users end processes; others, such as SIGHUP, ask for something else. */
static bool is_ending(int number)
{
    return number == SIGKILL || number == SIGTERM || number == SIGINT || number == SIGQUIT ||
           number == plan->stop_signal;
}

int stopping_signal(int number)
{
    ends |= is_ending(number);
    return init < 0 ? 0 : stopping_send(number);
}

struct signals_sent stopping_sent(void)
{
    return sent;
}

static int stop(int signal, int64_t timeout_ms)
{
    /* Noted first: a process that already ended gets no signal, and whoever asked waits for its teardown. */
    if (init >= 0 && stopping_send(signal) < 0 && errno != ESRCH) return -1;
    stopped_with = signal;
    if (timeout_ms < 0 || signal == SIGKILL) return 0; /* nothing comes after SIGKILL */
    int64_t at = monotonic_ms() + timeout_ms;
    if (kill_at < 0 || at < kill_at) kill_at = at;
    return 0;
}

int stopping_begin(int signal, int64_t timeout_ms)
{
    if (stop(signal, timeout_ms) < 0) return -1;
    ends = sent.stopped = true;
    return 0;
}

int stopping_begin_for_restart(void)
{
    return stop(plan->stop_signal, plan->stop_timeout_ms);
}

int stopping_timeout(void)
{
    return ms_until(kill_at);
}

void stopping_tick(void)
{
    if (kill_at < 0 || monotonic_ms() < kill_at) return;
    bool ignored = ignores_signal(init_pid, stopped_with);
    if (stopping_send(SIGKILL) == 0) {
        sent.escalated = true;
        sent.ignored = ignored;
    }
    kill_at = -1;
}
