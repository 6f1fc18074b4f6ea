/* The content of a regular file, with its holes. */
#pragma once

#include <sys/stat.h>

/*
 * Copies what `stat` says of `from` into the empty file `to`, by sharing blocks where the file system can, holes as holes.
 * A file that becomes shorter meanwhile is so in the copy. `advance`, unless NULL, hears of bytes on their way, and ends the
 * copy with -1. -1 with errno.
 */
int copy_content(int from, int to, const struct stat *stat, int (*advance)(off_t bytes));
