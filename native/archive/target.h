/* A path that is made as far as it is not there, where links lead within the root, those to nothing, too. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct target {
    char path[PATH_MAX]; /* without links, below the root: of the directory that is there now */
    char name[NAME_MAX +
              1]; /* what is not there in it, or is no directory; "" : the path was that of the directory */
};

/*
 * Finds where PATH leads below `root`, and makes the directories on the way, with this owner and mode 0755; `whole`: that at
 * its end, too. -1 with errno: ENOTDIR, something on the way is no directory.
 */
int make_target(int root, const char *path, bool whole, uid_t uid, gid_t gid, struct target *target);

/* Opens the directory; -1 with errno. */
int open_target(int root, const struct target *target);
