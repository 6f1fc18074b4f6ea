/*
 * The tree in which a verb of this room opens paths, as its first argument names it:
 *   dir:PATH              a directory of the host
 *   pid:PID:STARTTIME     what a container sees that runs, with all that is mounted there
 *   bare:PID:STARTTIME    its root file system alone, without what is mounted in it
 *   plan:FILE             what the section `init` of a plan mounts, in a mount namespace of our own
 */
#pragma once

#include <stdbool.h>

/* O_PATH. -1 with a noted failure. May move this process into another mount namespace. */
int open_root(const char *text);

/*
 * Opens PATH with O_PATH: links lead within the root, and nobody who changes the tree meanwhile can make it lead out.
 * `follow`: the last name, too. -1 with errno.
 */
int root_open(int root, const char *path, bool follow);
