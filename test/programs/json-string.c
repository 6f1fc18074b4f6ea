/*
 * The characters of a JSON string from standard input: json-string ROOM [TIMES] encodes it in pieces of at most ROOM
 * bytes, each into memory of just that size, so often, and writes what the last time gave.
 */
#include "base/json_string.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static char input[8 << 20];
    size_t length = fread(input, 1, sizeof input, stdin), room = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    int times = argc > 2 ? atoi(argv[2]) : 1;
    char *piece = room < JSON_UNIT ? NULL : malloc(room);
    if (piece == NULL) return 2;
    while (times-- > 0) {
        const char *text = input;
        size_t left = length;
        while (left > 0) {
            size_t before = left, written = encode_json_string(piece, room, &text, &left);
            if (written > room || left >= before) return 3;
            if (times == 0) fwrite(piece, 1, written, stdout);
        }
    }
    free(piece);
    return 0;
}
