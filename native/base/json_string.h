#pragma once

#include <stddef.h>

/* What one byte of a string becomes at most. */
#define JSON_UNIT 6

/*
 * Writes the characters of a JSON string, without its quotes, as Docker's encoder does: every byte that is not UTF-8
 * becomes U+FFFD. Takes as much of `*text` as `size` bytes have room for, and moves `*text` and `*left` on; returns how
 * many bytes were written. With room for JSON_UNIT some is taken.
 */
size_t encode_json_string(char *out, size_t size, const char **text, size_t *left);
