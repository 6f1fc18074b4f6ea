#include "archive/mode.h"

#include "base/util.h"

#include <string.h>
#include <sys/stat.h>

/* Of each of user, group and others: all that is theirs, set-id and sticky bits too. */
static const struct who {
    char name;
    mode_t all;
    int shift;
} whos[] = {{'u', 04700, 6}, {'g', 02070, 3}, {'o', 01007, 0}};

#define WHOS (sizeof whos / sizeof *whos)

static int change_to_octal(mode_t *mode, const char *text)
{
    uint64_t value;
    if (strlen(text) > 5 || parse_unsigned(text, 8, &value) < 0 || value > 07777) return fail_with(EINVAL);
    *mode = (*mode & S_IFMT) | (mode_t)value;
    return 0;
}

/* Bits for the three, of which only those of who is meant are taken. */
static int read_permission(mode_t mode, char letter, mode_t *bits)
{
    switch (letter) {
    case 'r':
        return *bits |= 0444, 0;
    case 'w':
        return *bits |= 0222, 0;
    case 'x':
        return *bits |= 0111, 0;
    case 'X':
        if (S_ISDIR(mode) || (mode & 0111) != 0) *bits |= 0111;
        return 0;
    case 's':
        return *bits |= 06000, 0;
    case 't':
        return *bits |= 01000, 0;
    default:
        return -1;
    }
}

static int read_copied(mode_t mode, char letter, mode_t *bits)
{
    for (size_t i = 0; i < WHOS; i++) {
        if (whos[i].name == letter) return *bits = ((mode >> whos[i].shift) & 7) * 0111, 0;
    }
    return -1;
}

/* What follows `=`, `+` or `-`: letters of permissions, or one of whose are copied. */
static const char *read_permissions(mode_t mode, const char *at, mode_t *bits)
{
    *bits = 0;
    if (*at != '\0' && read_copied(mode, *at, bits) == 0) return at + 1;
    while (*at != '\0' && read_permission(mode, *at, bits) == 0)
        at++;
    return at;
}

static const char *change_once(mode_t *mode, const char *at, mode_t whose)
{
    char how = *at;
    mode_t bits;
    at = read_permissions(*mode, at + 1, &bits);
    bits &= whose;
    if (how == '=') *mode &= ~whose;
    *mode = how == '-' ? *mode & ~bits : *mode | bits;
    return at;
}

static const char *change_clause(mode_t *mode, const char *at)
{
    mode_t whose = 0;
    for (bool named = true; named;) {
        named = false;
        for (size_t i = 0; i < WHOS; i++) {
            if (*at != whos[i].name && *at != 'a') continue;
            whose |= whos[i].all;
            named = true;
        }
        if (named) at++;
    }
    if (whose == 0) whose = 07777;
    if (*at == '\0' || strchr("=+-", *at) == NULL) return NULL;
    while (*at != '\0' && strchr("=+-", *at) != NULL)
        at = change_once(mode, at, whose);
    return at;
}

int change_mode(mode_t *mode, const char *text)
{
    if (*text >= '0' && *text <= '7') return change_to_octal(mode, text);
    mode_t changed = *mode;
    for (const char *at = text;; at++) {
        at = change_clause(&changed, at);
        if (at == NULL || (*at != ',' && *at != '\0')) return fail_with(EINVAL);
        if (*at == '\0') break;
    }
    *mode = changed;
    return 0;
}
