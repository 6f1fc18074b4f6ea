/* Who a container's process is, as Docker reads `--user`. */
#pragma once

#include "base/rootfs.h"

#include <stddef.h>
#include <sys/types.h>

#define GROUPS_MAX 256

struct identity {
    uid_t uid;
    gid_t gid;
    gid_t groups[GROUPS_MAX]; /* the primary one first (CVE-2022-36109), then those that name the user */
    size_t group_count;
    bool keeps_groups; /* the supplementary ones stay what they are; `groups` are not taken on */
    char home[256];    /* from /etc/passwd; "/" when it does not know the user */
};

/*
 * Looks `uid[:gid]`, or names, up in the container's /etc/passwd and /etc/group. Numbers need not be listed there,
 * names must; so files that cannot be read are in the way of names only. -1 with a noted failure.
 */
int find_identity(const struct rootfs *rootfs, const char *user, struct identity *identity);

/* Adds a group, a number or a name of the container's /etc/group. -1 with a noted failure. */
int add_group(const struct rootfs *rootfs, const char *name, struct identity *identity);
