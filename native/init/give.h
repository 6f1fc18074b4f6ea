/* Giving a directory of the host to the user of the container: the flag `chown` of binds. */
#pragma once

#include "base/plan.h"
#include "base/rootfs.h"
#include "confine/idmap.h"

/* As whom the container runs, in its own words. */
const char *plan_user(const struct plan *plan);

/* Finds who the container's user is, by the files of its root. -1 with a noted failure. */
int find_user_owner(const struct rootfs *rootfs, struct owner *owner);

/* Gives what a mount shows and all in it to somebody, following no link. -1 with errno. */
int give_tree(int mount, const struct owner *owner);
