/* File systems that are no files: procfs, sysfs, cgroups and the like. */
#pragma once

#include <stdbool.h>

/* Whether the kernel makes up what lies there: there is no end to it. */
bool is_of_the_kernel(int fd);
