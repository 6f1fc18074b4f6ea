#include "archive/compare.h"

#include "base/util.h"

#include <string.h>
#include <unistd.h>

int take_own(struct own_places *own, int argc, char *const *argv, int at)
{
    own->words = argv + at;
    while (at + own->count < argc && strncmp(argv[at + own->count], "own=", 4) == 0)
        own->count++;
    return at + own->count;
}

bool is_called_own(const struct own_places *own, const char *path)
{
    for (int i = 0; i < own->count; i++) {
        if (strcmp(own->words[i] + strlen("own="), path) == 0) return true;
    }
    return false;
}

bool is_own(const struct own_places *own, const struct entry *entry)
{
    bool is_empty_file = S_ISREG(entry->stat.st_mode) && entry->stat.st_size == 0;
    if (!is_empty_file && !S_ISDIR(entry->stat.st_mode)) return false;
    return is_called_own(own, entry->path);
}

/* Docker's comparison, and attributes: what is in a file cannot have changed if its size and time have not. */
static bool differs(const struct stat *one, const struct stat *other)
{
    if (one->st_mode != other->st_mode || one->st_uid != other->st_uid || one->st_gid != other->st_gid ||
        one->st_rdev != other->st_rdev)
        return true;
    return !S_ISDIR(one->st_mode) &&
           (one->st_size != other->st_size || one->st_mtim.tv_sec != other->st_mtim.tv_sec ||
            one->st_mtim.tv_nsec != other->st_mtim.tv_nsec);
}

int kind_of(const struct entry *entry, int lower, struct owners *owners, struct attributes *attributes,
            struct attributes *lower_attributes)
{
    struct stat stat;
    struct making seen = {.stat = entry->stat};
    if (read_attributes(attributes, entry->fd) < 0) return -1;
    if (attributes->elsewhere) return fail_with(EREMOTE);
    if (lower < 0) return 'A';
    if (fstat(lower, &stat) < 0 || read_attributes(lower_attributes, lower) < 0) return -1;
    if (owners != NULL && owners_translate(owners, &seen, attributes) < 0) return -1;
    bool same = !differs(&seen.stat, &stat) && same_attributes(attributes, lower_attributes);
    return same ? 0 : 'C';
}

int same_content(const struct entry *entry, int lower)
{
    static char ours[1 << 17], theirs[1 << 17];
    const struct entry below = {.fd = lower, .path = entry->path, .name = entry->name};
    owned_fd one = open_entry(entry), other = open_entry(&below);
    if (one < 0 || other < 0) return -1;
    for (off_t at = 0;;) {
        ssize_t length = pread(one, ours, sizeof ours, at), same = pread(other, theirs, sizeof theirs, at);
        if (length < 0 || same < 0) return -1;
        if (length != same || memcmp(ours, theirs, (size_t)length) != 0) return 0;
        if (length == 0) return 1;
        at += length;
    }
}
