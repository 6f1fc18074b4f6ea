/* What overlay says in the directories of its layers, and what they look like one on top of the other. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/* A character device 0:0: what lower layers have by this name is not there. */
bool is_gone_below(const struct stat *stat);

/* Whether a directory (any descriptor of it) hides all that lower layers have in it. */
bool is_opaque(int fd);
int mark_opaque(int fd);

/*
 * Opens the tree that these directories, topmost first, make together; -1 with errno. With several of them the view is
 * mounted over `mount_point`, in a mount namespace that ends with this process.
 */
int open_layers(char *const *directories, int count, const char *mount_point);
