#include "json_string.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Length of the UTF-8 sequence at `text` as Go's utf8.DecodeRune has it: 0 when it is not one. */
static size_t sequence_length(const unsigned char *text, size_t left)
{
    unsigned char first = text[0];
    size_t length = first >= 0xc2 && first <= 0xdf ? 2
                    : first >= 0xe0 && first <= 0xef ? 3
                    : first >= 0xf0 && first <= 0xf4 ? 4
                                                     : 0;
    if (length == 0 || length > left) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    /* Overlong forms, surrogates and what is above U+10FFFF. */
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
        (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

typedef signed char bytes __attribute__((vector_size(16)));

/* Copies 16 bytes, and says how many of them at the beginning are plain: as is_plain(), for all of them at once. */
static size_t copy_block(char *out, const char *text)
{
    bytes block;
    uint64_t halves[2];
    memcpy(&block, text, sizeof block);
    memcpy(out, &block, sizeof block);
    /* As signed numbers those from 0x80 on are below 0x20, too; `"` and `&` differ in one bit, and so do `<` and `>`. */
    bytes special = (block < 0x20) | ((block | 4) == '&') | ((block | 2) == '>') | (block == '\\');
    memcpy(halves, &special, sizeof halves);
    if ((halves[0] | halves[1]) == 0) return sizeof block;
    /* Every architecture that is built for is little endian. */
    return halves[0] != 0 ? (size_t)__builtin_ctzll(halves[0]) / 8 : 8 + (size_t)__builtin_ctzll(halves[1]) / 8;
}

/* Copies plain characters, at most `most` of them, up to one that is not; how many they were. */
static size_t copy_plain(char *out, const char *text, size_t most)
{
    size_t n = 0;
    while (most - n >= sizeof(bytes)) {
        size_t plain = copy_block(out + n, text + n);
        n += plain;
        if (plain < sizeof(bytes)) return n;
    }
    for (; n < most && is_plain((unsigned char)text[n]); n++)
        out[n] = text[n];
    return n;
}

static size_t encode_escape(char *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    memcpy(out, "\\u00", 4);
    out[4] = digits[c >> 4];
    out[5] = digits[c & 15];
    if (c < 0x20 && c != '\n' && c != '\r') return JSON_UNIT;
    if (c == '<' || c == '>' || c == '&') return JSON_UNIT;
    out[1] = c == '\n' ? 'n' : c == '\r' ? 'r' : (char)c;
    return 2;
}

/* The first character, which is not a plain one; how much of the text it is in `*taken`. */
static size_t encode_character(char *out, const char *text, size_t left, size_t *taken)
{
    *taken = 1;
    if ((unsigned char)*text < 0x80) return encode_escape(out, (unsigned char)*text);
    size_t n = sequence_length((const unsigned char *)text, left);
    if (n > 0) *taken = n;
    const char *special = n == 0                                        ? "\\ufffd"
                          : n == 3 && memcmp(text, "\xe2\x80\xa8", 3) == 0 ? "\\u2028"
                          : n == 3 && memcmp(text, "\xe2\x80\xa9", 3) == 0 ? "\\u2029"
                                                                        : NULL;
    memcpy(out, special == NULL ? text : special, special == NULL ? n : JSON_UNIT);
    return special == NULL ? n : JSON_UNIT;
}

size_t encode_json_string(char *out, size_t size, const char **text, size_t *left)
{
    const char *at = *text, *end = at + *left;
    size_t used = 0;
    while (at < end && size - used >= JSON_UNIT) {
        size_t left_over = (size_t)(end - at), taken;
        if (is_plain((unsigned char)*at)) {
            taken = copy_plain(out + used, at, left_over < size - used ? left_over : size - used);
            used += taken;
        } else {
            used += encode_character(out + used, at, left_over, &taken);
        }
        at += taken;
    }
    *left = (size_t)(end - at);
    *text = at;
    return used;
}
