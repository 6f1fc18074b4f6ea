/* Modes as chmod(1) takes them. */
#pragma once

#include <sys/types.h>

/* Changes a mode, which has its type, by `755` or `u=rwX,go-w`; whoever names nobody means all. -1 with EINVAL. */
int change_mode(mode_t *mode, const char *text);
