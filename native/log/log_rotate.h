/*
 * The files that a log has put aside. Each has a number of its own for good, in ten digits: `log.0000000007` was written
 * before `log.0000000008`, and `log` itself last. A compressed one ends in `.gz`. So whoever reads them needs neither
 * times nor luck to know which follows which, whatever is put aside, compressed or deleted meanwhile.
 */
#pragma once

#include "base/plan.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Gives `path` the next number, and deletes the oldest files so that `max_files`, which is at least 2, are left with a
 * new `path`. -1 with errno: nothing has got the number.
 */
int put_aside(const char *path, int64_t max_files, int64_t *number);

/* Whether a file put aside is being compressed: one at a time is enough for a machine. */
bool is_compressing(void);

/* Starts the plan's command `log-compress` on the file with this number; one that it fails on stays as it is. */
void compress_aside(const struct plan *plan, int64_t number);
