/* The ids of a user namespace (user_namespaces(7)), and directories shown through them. */
#pragma once

#include "base/plan.h"

#include <sys/types.h>

/* Whom a file belongs to. */
struct owner {
    uid_t uid;
    gid_t gid;
};

/* Writes the plan's maps to the process's new user namespace. -1 with a noted failure. */
int write_id_maps(const struct plan *plan, pid_t pid);

/*
 * Finds the owner that somebody of the process's user namespace, its root where `inside` is {0, 0}, is to us. -1 with a
 * noted failure, EINVAL when the maps leave him out.
 */
int find_owner(pid_t pid, struct owner inside, struct owner *owner);

/* A child that does nothing but be in a new user namespace, without maps yet. -1 with a noted failure. */
pid_t fork_into_users(void);

/* Ends that child; -1: there is none. Who holds the namespace open keeps it. */
void end_in_users(pid_t child);

/* A user namespace with the plan's maps, in which nobody is; `owner` becomes its root. -1 with a noted failure. */
int make_users(const struct plan *plan, struct owner *owner);

/*
 * Replaces a directory by a clone of its mount that shows it through the ids of the user namespace `users`, attached
 * over it: overlay takes only what is attached in the mount namespace (before Linux 6.15). -1 with a noted failure.
 */
int show_mapped(int *directory, int users, const char *path);

/* File system operations as `owner`, with all rights. Overlay makes copies as whoever mounted it. -1 with errno. */
int act_as(const struct owner *owner);

/* Makes this process 0:0 of its user namespace, without groups unless it keeps them. -1 with a noted failure. */
int become_root(bool keeps_groups);
