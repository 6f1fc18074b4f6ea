#include "base/json_string.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Length of the UTF-8 sequence at `text`, which a byte from 0xc2 to 0xf4 begins, as Go's utf8.DecodeRune has it: 0 when it
 * is not one. The second byte tells overlong forms, surrogates and what is above U+10FFFF.
 */
static size_t sequence_length(const unsigned char *text, size_t left)
{
    unsigned char first = text[0];
    size_t length = 2 + (first >= 0xe0) + (first >= 0xf0);
    unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (length > left || text[1] < least || text[1] > most) return 0;
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    return length;
}

/*
 * What a byte becomes with which a character begins. Without text, which are zeros, it stays as it is; a length of 0: it
 * may begin a sequence, which has to be looked at. (Formatted by hand: else each had a line.)
 */
/* clang-format off */
#define SELF {"", 1}
#define PAIR(character) {"\\" character, 2}
#define UNIT(digits) {"\\u00" digits, JSON_UNIT}
#define NONE {"\\ufffd", JSON_UNIT}
static const struct form {
    char text[JSON_UNIT + 1];
    unsigned char length;
} forms[0x100] = {
    UNIT("00"), UNIT("01"), UNIT("02"), UNIT("03"), UNIT("04"), UNIT("05"), UNIT("06"), UNIT("07"),
    UNIT("08"), UNIT("09"), PAIR("n"),  UNIT("0b"), UNIT("0c"), PAIR("r"),  UNIT("0e"), UNIT("0f"),
    UNIT("10"), UNIT("11"), UNIT("12"), UNIT("13"), UNIT("14"), UNIT("15"), UNIT("16"), UNIT("17"),
    UNIT("18"), UNIT("19"), UNIT("1a"), UNIT("1b"), UNIT("1c"), UNIT("1d"), UNIT("1e"), UNIT("1f"),
    [' ' ... '!'] = SELF, ['"'] = PAIR("\""), ['#' ... '%'] = SELF, ['&'] = UNIT("26"),
    ['\'' ... ';'] = SELF, ['<'] = UNIT("3c"), ['='] = SELF, ['>'] = UNIT("3e"),
    ['?' ... '['] = SELF, ['\\'] = PAIR("\\"), [']' ... 0x7f] = SELF,
    [0x80 ... 0xc1] = NONE, [0xf5 ... 0xff] = NONE,
};
/* clang-format on */

#define BLOCK 16
typedef signed char bytes __attribute__((vector_size(BLOCK)));

/* Copies a block, and says how many of its bytes at the beginning stay as they are: as `forms`, for all at once. */
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
    return halves[0] != 0 ? (size_t)__builtin_ctzll(halves[0]) / 8
                          : 8 + (size_t)__builtin_ctzll(halves[1]) / 8;
}

static bool is_uniform(const char *block)
{
    uint64_t halves[2];
    memcpy(halves, block, sizeof halves);
    return halves[0] == halves[1] && halves[0] == (unsigned char)*block * 0x0101010101010101U;
}

/* Where text is read, and where its encoding goes; `room` bytes are left there. */
struct encoder {
    const char *at, *end;
    char *out;
    size_t room;
};

static void wrote(struct encoder *encoder, size_t length)
{
    encoder->out += length;
    encoder->room -= length;
}

/*
 * Repeats the first byte as often as it comes again: what is there already is written once more, twice as much each
 * time.
 */
static void encode_run(struct encoder *encoder)
{
    const struct form *form = &forms[(unsigned char)*encoder->at];
    size_t most = encoder->room / form->length, count = 0;
    const char *at = encoder->at;
    while ((size_t)(encoder->end - at) >= BLOCK && most - count >= BLOCK && *at == *encoder->at &&
           is_uniform(at)) {
        at += BLOCK;
        count += BLOCK;
    }
    encoder->at = at;
    size_t size = count * form->length, done = form->length;
    memcpy(encoder->out, form->text, JSON_UNIT);
    for (; done < size; done *= 2)
        memcpy(encoder->out + done, encoder->out, done < size - done ? done : size - done);
    wrote(encoder, size);
}

/*
 * Encodes one character beyond ASCII, or a byte that begins none, and returns how much was written. `*taken` is how
 * much it is of the text.
 */
static size_t encode_sequence(char *out, const char *at, size_t left, size_t *taken)
{
    size_t length = sequence_length((const unsigned char *)at, left);
    const char *special = length == 0                                     ? "\\ufffd"
                          : length != 3 || memcmp(at, "\xe2\x80", 2) != 0 ? NULL
                          : at[2] == '\xa8'                               ? "\\u2028"
                          : at[2] == '\xa9'                               ? "\\u2029"
                                                                          : NULL;
    *taken = length > 0 ? length : 1;
    if (special != NULL) {
        memcpy(out, special, JSON_UNIT);
        return JSON_UNIT;
    }
    if (left >= 4)
        memcpy(out, at, 4); /* one move for any length */
    else
        memcpy(out, at, length);
    return length;
}

/*
 * Encodes so many bytes one by one. What a byte becomes is found without a branch, which in such text would often be
 * wrong.
 */
static void encode_bytes(struct encoder *encoder, size_t count)
{
    struct encoder now = *encoder;
    const char *until = count < (size_t)(now.end - now.at) ? now.at + count : now.end;
    while (now.at < until && now.room >= JSON_UNIT) {
        const struct form *form = &forms[(unsigned char)*now.at];
        size_t taken = 1, written = form->length;
        if (written == 0) {
            written = encode_sequence(now.out, now.at, (size_t)(now.end - now.at), &taken);
        } else {
            memcpy(now.out, form->text, JSON_UNIT);
            *now.out |= (char)(*now.at & -(written == 1));
        }
        now.at += taken;
        wrote(&now, written);
    }
    *encoder = now;
}

/* Encodes what comes next in a block whose first `plain` bytes need no encoding. */
static void encode_special(struct encoder *encoder, size_t plain)
{
    if (plain >= BLOCK / 4)
        encode_bytes(encoder, 1);
    else if (plain == 0 && is_uniform(encoder->at) &&
             forms[(unsigned char)*encoder->at].length == JSON_UNIT && encoder->room >= BLOCK * JSON_UNIT)
        encode_run(encoder);
    else
        encode_bytes(encoder, BLOCK);
}

size_t encode_json_string(char *out, size_t size, const char **text, size_t *left)
{
    struct encoder encoder = {*text, *text + *left, out, size};
    while (encoder.at < encoder.end && encoder.room >= JSON_UNIT) {
        if (encoder.end - encoder.at < BLOCK || encoder.room < BLOCK) {
            encode_bytes(&encoder, BLOCK);
            continue;
        }
        size_t plain = copy_block(encoder.out, encoder.at);
        encoder.at += plain;
        wrote(&encoder, plain);
        if (plain < BLOCK && encoder.room >= JSON_UNIT) encode_special(&encoder, plain);
    }
    *left = (size_t)(encoder.end - encoder.at);
    *text = encoder.at;
    return (size_t)(encoder.out - out);
}
