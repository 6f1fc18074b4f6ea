/* Whether a chain of nf_tables is what it should be. */
#pragma once

#include <stdint.h>

/* How many rules the chain of family inet has; `expected` is told at once. -1 with errno, ENOENT: it is not there. */
int64_t nft_count_rules(int socket, const char *table, const char *chain, int64_t expected);
