/* The files that a log has put aside: `log.1` is the newest; compressed ones are called `log.1.gz`. */
#pragma once

#include "plan.h"

#include <stdbool.h>

/*
 * Moves each file of the log one number further, the oldest away, and `path` itself to `path.1`. False when that could
 * not be done: `path` is still the file that it was.
 */
bool move_aside(const char *path, int64_t max_files);

/* Whether a file put aside is being compressed: it must keep its name until that is done. */
bool is_compressing(void);

/* Starts the plan's command `log-compress` on `path.1`; a file that it fails to compress stays as it is. */
void compress_aside(const struct plan *plan, const char *path);
