/* Prints the SHA-256 of what standard input holds, and of each of its first 300 beginnings, given in pieces of every length. */
#include "base/sha256.h"

#include <stdio.h>

static uint8_t input[1 << 22];

static void print(size_t length, size_t piece)
{
    struct sha256 sha;
    uint8_t digest[SHA256_SIZE];
    sha256_begin(&sha);
    for (size_t at = 0; at < length; at += piece)
        sha256_add(&sha, input + at, length - at < piece ? length - at : piece);
    sha256_end(&sha, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        printf("%02x", digest[i]);
    putchar('\n');
}

int main(void)
{
    size_t length = fread(input, 1, sizeof input, stdin);
    for (size_t start = 0; start < 300 && start < length; start++)
        print(start, start % 67 + 1);
    print(length, 100000);
    return 0;
}
