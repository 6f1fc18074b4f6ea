/*
 * The verb `probe-idmap DIR`: whether the kernel shows the file system of DIR through the ids of a user namespace.
 * Exit status 0 says yes.
 */
#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "confine/idmap.h"

#include <fcntl.h>
#include <stdio.h>

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

static int probe(pid_t child, const char *directory)
{
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
    pid_t child = fork_into_users();
    int result = child < 0 ? -1 : probe(child, argv[1]);
    end_in_users(child);
    if (result < 0) report_noted_failure();
    return result < 0;
}
