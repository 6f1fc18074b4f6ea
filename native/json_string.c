#include "json_string.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Length of the UTF-8 sequence at `text` as Go's utf8.DecodeRune has it: 0 when it is not one. */
static size_t sequence_length(const unsigned char *text, size_t left)
{
    unsigned char first = text[0];
    size_t length = first < 0x80                     ? 1
                    : first >= 0xc2 && first <= 0xdf ? 2
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

static void put_escape(void (*put)(const char *text, size_t length), unsigned char c)
{
    char escape[8];
    if (c == '"' || c == '\\')
        snprintf(escape, sizeof escape, "\\%c", c);
    else if (c == '\n')
        strcpy(escape, "\\n");
    else if (c == '\r')
        strcpy(escape, "\\r");
    else
        snprintf(escape, sizeof escape, "\\u%04x", c);
    put(escape, strlen(escape));
}

void put_json_string(void (*put)(const char *text, size_t length), const char *string, size_t length)
{
    const unsigned char *text = (const unsigned char *)string;
    for (size_t i = 0; i < length;) {
        size_t plain = i;
        while (plain < length && is_plain(text[plain]))
            plain++;
        put(string + i, plain - i);
        i = plain;
        if (i == length) break;
        size_t n = sequence_length(text + i, length - i);
        if (n == 0)
            put("\\ufffd", 6);
        else if (n == 1)
            put_escape(put, text[i]);
        else if (n == 3 && memcmp(text + i, "\xe2\x80\xa8", 3) == 0)
            put("\\u2028", 6);
        else if (n == 3 && memcmp(text + i, "\xe2\x80\xa9", 3) == 0)
            put("\\u2029", 6);
        else
            put(string + i, n);
        i += n == 0 ? 1 : n;
    }
}
