#pragma once

/*
 * Deletes `name` in the directory `parent_fd` and everything below it. Follows no symlink and enters no mount, and
 * any depth takes the same memory and two file descriptors. What is immutable, or may only be appended to (chattr(1)), is
 * no longer. A missing name is fine. Returns 0, or -1 with errno: EXDEV when something is mounted below, EPERM without
 * CAP_LINUX_IMMUTABLE.
 */
int tree_remove(int parent_fd, const char *name);
