/* SHA-256 (FIPS 180-4), by the processor's own instructions where it has them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_BLOCK 64

/* The digest in hexadecimal, with its NUL. */
#define SHA256_TEXT (2 * SHA256_SIZE + 1)

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[SHA256_BLOCK];
};

void sha256_begin(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t length);
void sha256_end(struct sha256 *sha, uint8_t digest[SHA256_SIZE]);
void sha256_text(const uint8_t digest[SHA256_SIZE], char text[SHA256_TEXT]);
