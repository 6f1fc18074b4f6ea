#pragma once

#include <stddef.h>

/*
 * Puts the characters of a JSON string, without its quotes, as Docker's encoder writes them: every byte that is not
 * UTF-8 becomes U+FFFD. `put` takes them bit by bit.
 */
void put_json_string(void (*put)(const char *text, size_t length), const char *string, size_t length);
