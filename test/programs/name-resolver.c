/*
 * Starts the resolver as the monitor does: name-resolver NETWORK-NAMESPACE CONFIG. Prints its pid, and ends, the
 * resolver with it, at the end of standard input. With UNCONFINED, and without resolver_confine.c, it is what sanitizers
 * can look at: they need more system calls and memory than the resolver may have.
 */
#include "resolver/resolver.h"

#include "base/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifdef UNCONFINED
#include <signal.h>
#include <sys/prctl.h>

int resolver_confine(int root, pid_t parent)
{
    (void)root;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == parent ? 0 : -1;
}
#endif

int main(int argc, char **argv)
{
    char byte;
    if (argc != 3) return 2;
    pid_t pid = resolver_start(open(argv[1], O_RDONLY | O_CLOEXEC), argv[2]);
    if (pid < 0) return report_noted_failure(), 1;
    printf("%d\n", pid);
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    return 0;
}
