#include "streams/client_options.h"

#include "base/util.h"

#include <stdio.h>
#include <string.h>

int streams_parse(const char *words)
{
    static const char *const names[] = {"in", "out", "err"};
    char word[8];
    int streams = 0;
    while (words[strspn(words, ",")] != '\0') {
        int i = 0;
        if ((words = next_word(words, word, sizeof word)) == NULL) return fail_with(EINVAL);
        while (i < 3 && strcmp(names[i], word) != 0)
            i++;
        if (i == 3) return fail_with(EINVAL);
        streams |= 1 << i;
    }
    return streams;
}

static int parse_keys(struct client_options *options, const char *hex)
{
    size_t length = strlen(hex);
    if (length % 2 != 0 || length / 2 > sizeof options->keys) return fail_with(EINVAL);
    for (options->key_count = 0; options->key_count < length / 2; options->key_count++) {
        uint64_t byte;
        char digits[3] = {hex[2 * options->key_count], hex[2 * options->key_count + 1], '\0'};
        if (parse_unsigned(digits, 16, &byte) < 0) return -1;
        options->keys[options->key_count] = (uint8_t)byte;
    }
    return 0;
}

/* `ROWS,COLUMNS`. */
static int parse_size(struct winsize *size, const char *words)
{
    char rest;
    if (sscanf(words, "%hu,%hu%c", &size->ws_row, &size->ws_col, &rest) != 2) return fail_with(EINVAL);
    return 0;
}

int client_options_parse(struct client_options *options, char **words)
{
    *options = (struct client_options){
        .streams = STREAMS_ALL, .signals = true, .keys = {0x10, 0x11}, .key_count = 2};
    for (; *words != NULL; words++) {
        if (strncmp(*words, "streams=", 8) == 0) {
            int streams = streams_parse(*words + 8);
            if (streams < 0) return -1;
            options->streams = (unsigned)streams;
        } else if (strncmp(*words, "keys=", 5) == 0) {
            if (parse_keys(options, *words + 5) < 0) return -1;
        } else if (strncmp(*words, "size=", 5) == 0) {
            if (parse_size(&options->size, *words + 5) < 0) return -1;
        } else if (strcmp(*words, "until=input") == 0) {
            options->until_input = true;
        } else if (strcmp(*words, "signals=no") == 0) {
            options->signals = false;
        } else {
            return fail_with(EINVAL);
        }
    }
    return 0;
}
