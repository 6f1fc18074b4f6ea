/* Whether an entry of an overlay's upper directory differs from what the layers below have there. */
#pragma once

#include "archive/attributes.h"
#include "archive/owners.h"
#include "base/walk.h"

#include <stdbool.h>

/* Where the engine itself may have made an empty file or a directory. */
struct own_places {
    char *const *words; /* `own=PATH`, relative */
    int count;
};

/* Takes the words `own=PATH` from `at` on; returns where the others begin. */
int take_own(struct own_places *own, int argc, char *const *argv, int at);

bool is_called_own(const struct own_places *own, const char *path);
bool is_own(const struct own_places *own, const struct entry *entry);

/*
 * 'A' or 'C' for an entry and what is below it, or -1; 0: it is what it was. Reads the attributes of both. With `owners` those
 * of the entry count as they are translated. -1 with errno, EREMOTE for what overlay keeps elsewhere.
 */
int kind_of(const struct entry *entry, int lower, struct owners *owners, struct attributes *attributes,
            struct attributes *lower_attributes);

/* 1: a regular file has the same content as what is below it. -1 with errno. */
int same_content(const struct entry *entry, int lower);
