/* What the parts of the verb `shift` share: everything of a file but its content. */
#pragma once

#include "layer/id_maps.h"

#include <sys/stat.h>

/*
 * Gives `name` in the directory `to` the owner that `st` has once it is shifted, its mode, its attributes and times;
 * the source has the same name in `from`. The name "." stands for the directories themselves. -1 with errno, EOVERFLOW
 * for an owner outside of the maps.
 */
int shift_metadata(const struct id_way *maps, int from, int to, const char *name, const struct stat *st);
