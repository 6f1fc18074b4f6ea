/*
 * The verb `probe-idmap DIR`: whether the kernel shows the file system of DIR through the ids of a user namespace.
 * Exit status 0 says yes.
 */
#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* A child that waits in a new user namespace; its pid, -1 with errno. */
static pid_t fork_into_users(int *ready)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    pid_t child = fork();
    if (child != 0) {
        close(ends[1]);
        *ready = ends[0];
        return child;
    }
    close(ends[0]);
    if (unshare(CLONE_NEWUSER) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) write_all(ends[1], "", 1);
    close(ends[1]);
    pause();
    _exit(0);
}

/* A namespace without maps is refused, whatever the file system. */
static int open_users(pid_t child)
{
    char path[64];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", child, i == 0 ? "uid_map" : "gid_map");
        if (write_text(path, "0 65536 1") < 0) return -1;
    }
    snprintf(path, sizeof path, "/proc/%d/ns/user", child);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int probe(pid_t child, int ready, const char *directory)
{
    char byte;
    if (read(ready, &byte, 1) != 1) return fail_with(EPERM), failed(STAGE_ID_MAP, "user");
    owned_fd users = open_users(child);
    if (users < 0) return failed(STAGE_ID_MAP, "user");
    owned_fd mount = k_open_tree(AT_FDCWD, directory, K_OPEN_TREE_CLONE);
    if (mount < 0 || k_mount_idmap(mount, users) < 0) return failed(STAGE_ID_MAPPED_MOUNT, directory);
    return 0;
}

int probe_idmap_main(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] != '/') {
        fputs("usage: probe-idmap /DIR\n", stderr);
        return 2;
    }
    owned_fd ready = -1;
    pid_t child = fork_into_users(&ready);
    int result = child < 0 ? failed(STAGE_ID_MAP, "user") : probe(child, ready, argv[1]);
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    if (result < 0) report_noted_failure();
    return result < 0;
}
