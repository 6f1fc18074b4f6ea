#pragma once

/*
 * Deletes `name` in the directory `parent_fd` and everything below it. Follows no symlink and enters no mount, and
 * any depth takes the same memory and two file descriptors. A missing name is fine. Returns 0, or -1 with errno:
 * EXDEV when something is mounted below, EPERM for immutable files.
 */
int tree_remove(int parent_fd, const char *name);
