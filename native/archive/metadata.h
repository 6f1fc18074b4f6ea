/* Owner, mode, attributes and times of what was made, by a descriptor of it, O_PATH or open. All return -1 with errno. */
#pragma once

#include "archive/destination.h"

#define DEFAULT_ACL "system.posix_acl_default"

/*
 * Gives it all but its times, and a directory all but its DEFAULT_ACL, which what is made in it later would inherit.
 * `left_out` gets the name of the first attribute that the file system cannot hold, if that gives no rights; NULL: it has to
 * hold all of them.
 */
int give_metadata(int fd, const struct making *making, char left_out[LEFT_OUT_SIZE]);
int give_attribute(int fd, const struct attribute *attribute, char left_out[LEFT_OUT_SIZE]);
int give_times(int fd, const struct stat *stat);
