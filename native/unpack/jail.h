/* What the process that unpacks may do: read, write and move its memory about. */
#pragma once

#include <sys/types.h>

/* -1 with errno. `parent`: who ends it, by its own end. */
int unpack_enter_jail(pid_t parent);
