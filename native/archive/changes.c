/*
 * The verb `changes UPPER [WORD]... LAYER...`: what an overlay's upper directory changes in the layers below it, topmost
 * first. WORDs, in this order:
 *   to=DIR     instead of telling, copies the changes into DIR, which is empty, as a layer of its own
 *   size       instead of telling, counts the bytes in the files that are new or changed
 *   since=DIR  what UPPER was once: tells of what differs between the two on these layers; without any, of two trees
 *   from=MAP   an id map (`u:INSIDE:OUTSIDE:COUNT`, `g:...`) through which UPPER is seen, with `since` UPPER alone: owners
 *              are copied, and compared with those of `since`, as those inside
 *   own=PATH   what the engine itself may have made there, an empty file or a directory, counts as if it were below
 * Prints `A PATH`, `C PATH` or `D PATH`, each ended by NUL, in the order of the bytes of names, a directory before what is
 * in it; it has changed when something in it has. With `to`: the number of entries that were copied, and the bytes in
 * their files. EREMOTE for what overlay keeps elsewhere, EEXIST when DIR is not empty.
 *
 * With `to` and `since` DIR is not for overlay: what is gone is said as archives say it, by an empty file `.wh.NAME`. EILSEQ
 * for a file of such a name. Files are compared by their content, too: no other copy of what is left out is kept.
 */
#include "archive/attributes.h"
#include "archive/compare.h"
#include "archive/copy_entry.h"
#include "archive/layers.h"
#include "archive/levels.h"
#include "archive/links.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "base/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct changes {
    struct levels levels;
    struct own_places own;
    int lower, copy; /* of the top; copy -1: tell, or count */
    bool count;
    /* With `since` two whole trees are compared, the walk's and `lower`, and these are what they have on the layers. */
    bool whole;
    int upper, since;
    struct known_links links;
    struct attributes attributes, lower_attributes;
    struct owners owners;
    uint64_t entries, bytes;
    char current[PATH_MAX]; /* for the report of a failure */
};

/* As kind_of(); of what is to be kept the content is looked at, too, where nothing else would keep it. */
static int kind_here(struct changes *changes, const struct entry *entry, int lower)
{
    struct owners *owners = changes->whole ? &changes->owners : NULL;
    int kind = kind_of(entry, lower, owners, &changes->attributes, &changes->lower_attributes);
    if (kind != 0 || !changes->whole || changes->copy < 0 || !S_ISREG(entry->stat.st_mode)) return kind;
    int same = same_content(entry, lower);
    return same < 0 ? -1 : same ? 0 : 'C';
}

static bool was_own(const struct changes *changes, int directory, const char *name, const char *path);

static bool holds_own_alone(const struct changes *changes, int directory, const char *name, const char *path)
{
    char below[PATH_MAX];
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *scan = fd < 0 ? NULL : fdopendir(fd);
    if (scan == NULL) return close_fd(&fd), false;
    const struct dirent *found;
    bool alone = true;
    while (alone && (found = readdir(scan)) != NULL) {
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0) continue;
        alone = snprintf(below, sizeof below, "%s/%s", path, found->d_name) < (int)sizeof below &&
                was_own(changes, fd, found->d_name, below);
    }
    closedir(scan);
    return alone;
}

/* What the engine itself has made before `since`, and is not there now, is no change either. */
static bool was_own(const struct changes *changes, int directory, const char *name, const char *path)
{
    struct stat stat;
    if (!changes->whole || !is_called_own(&changes->own, path) ||
        fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (S_ISDIR(stat.st_mode)) return holds_own_alone(changes, directory, name, path);
    return S_ISREG(stat.st_mode) && stat.st_size == 0;
}

static int print_line(char kind, const char *path, size_t length)
{
    return printf("%c /%.*s%c", kind, (int)length, path, '\0') < 0 ? -1 : 0;
}

/* Directories on the way to a change have changed. */
static int tell(struct changes *changes, char kind, const char *path, size_t length)
{
    if (changes->count) return 0;
    for (size_t i = 0; i < changes->levels.depth; i++) {
        struct level *level = &changes->levels.list[i];
        if (!level->told && print_line('C', path, level->path_length) < 0) return -1;
        level->told = true;
    }
    return print_line(kind, path, length);
}

#define WHITEOUT ".wh."

/* Says in the copy of a directory that lower layers have this name, and it is gone. */
static int hide(struct changes *changes, int directory, const char *name)
{
    char mark[sizeof WHITEOUT + NAME_MAX];
    changes->entries++;
    if (!changes->whole) return mknodat(directory, name, S_IFCHR, 0);
    if (snprintf(mark, sizeof mark, WHITEOUT "%s", name) > NAME_MAX) return fail_with(ENAMETOOLONG);
    return mknodat(directory, mark, S_IFREG, 0);
}

/* Tells of names that are gone with what an opaque directory hides, as far as they come before `name`, if any. */
static int tell_hidden(struct changes *changes, struct level *level, const char *directory, const char *name)
{
    char path[PATH_MAX + NAME_MAX];
    for (; level->hidden_at < level->hidden_count; level->hidden_at++) {
        const char *hidden = level->hidden[level->hidden_at];
        int order = name == NULL ? -1 : strcmp(hidden, name);
        if (order > 0) return 0;
        if (order == 0) continue;
        const char *slash = level->path_length == 0 ? "" : "/";
        int length =
            snprintf(path, sizeof path, "%.*s%s%s", (int)level->path_length, directory, slash, hidden);
        if (length >= (int)sizeof path) return fail_with(ENAMETOOLONG);
        if (was_own(changes, level->lower, hidden, path)) continue;
        int said =
            changes->copy < 0 ? tell(changes, 'D', path, (size_t)length) : hide(changes, level->copy, hidden);
        if (said < 0) return -1;
    }
    return 0;
}

static int note_copied(struct changes *changes, const struct entry *entry)
{
    changes->entries++;
    if (S_ISREG(entry->stat.st_mode)) changes->bytes += (uint64_t)entry->stat.st_size;
    return 0;
}

static int copy(struct changes *changes, const struct entry *entry)
{
    int to = innermost(&changes->levels)->copy;
    if (S_ISSOCK(entry->stat.st_mode)) return 0;
    if (changes->whole && strncmp(entry->name, WHITEOUT, strlen(WHITEOUT)) == 0) return fail_with(EILSEQ);
    if (!S_ISDIR(entry->stat.st_mode) && entry->stat.st_nlink > 1) {
        const char *first = first_name(&changes->links, &entry->stat, entry->path);
        if (first == NULL && errno == ENOMEM) return -1;
        if (first != NULL) {
            changes->entries++;
            return linkat(changes->copy, first, to, entry->name, 0);
        }
    }
    if (make_copy(to, entry, &changes->attributes, &changes->owners) < 0) return -1;
    if (changes->attributes.elsewhere) return fail_with(EREMOTE);
    return S_ISDIR(entry->stat.st_mode) ? 0 : note_copied(changes, entry);
}

static int visit_whiteout(struct changes *changes, const struct entry *entry, int lower)
{
    struct level *level = innermost(&changes->levels);
    if (lower < 0) return VISIT_SKIP;
    if (changes->copy < 0) return tell(changes, 'D', entry->path, strlen(entry->path)) < 0 ? -1 : VISIT_SKIP;
    return hide(changes, level->copy, entry->name) < 0 ? -1 : VISIT_SKIP;
}

/* Of a file with several names the first counts. */
static int count(struct changes *changes, const struct entry *entry)
{
    if (!S_ISREG(entry->stat.st_mode)) return 0;
    if (entry->stat.st_nlink > 1 && first_name(&changes->links, &entry->stat, entry->path) != NULL) return 0;
    changes->bytes += (uint64_t)entry->stat.st_size;
    return 0;
}

static bool is_missing(int directory, const char *path)
{
    owned_fd found = k_openat2(directory, path, O_PATH | O_NOFOLLOW, 0,
                               K_RESOLVE_BENEATH | K_RESOLVE_NO_SYMLINKS | K_RESOLVE_NO_MAGICLINKS);
    return found < 0 && errno == ENOENT;
}

/* A directory that both trees have as the layers have it: what is in it is the same. */
static bool is_of_the_layers(const struct changes *changes, const struct entry *entry, int lower)
{
    return changes->whole && lower >= 0 && is_missing(changes->upper, entry->path) &&
           is_missing(changes->since, entry->path);
}

/* Goes down into a directory; takes `lower` over. */
static int enter(struct changes *changes, const struct entry *entry, int lower, int kind)
{
    struct stat stat;
    bool opaque = changes->whole || is_opaque(entry->fd);
    bool merges = lower >= 0 && fstat(lower, &stat) == 0 && S_ISDIR(stat.st_mode);
    if (!merges) close_fd(&lower);
    struct level level = {.lower = lower,
                          .copy = -1,
                          .has_lower = merges,
                          .told = kind != 0,
                          .kept = kind != 0 || (opaque && merges && !changes->whole),
                          .path_length = strlen(entry->path)};
    const struct level *up = innermost(&changes->levels);
    if (up == NULL)
        level.copy = changes->copy < 0 ? -1 : fcntl(changes->copy, F_DUPFD_CLOEXEC, 3);
    else if (changes->copy >= 0)
        level.copy = openat(up->copy, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (push_level(&changes->levels, &level) < 0 || (changes->copy >= 0 && level.copy < 0)) return -1;
    if (!opaque || !merges) return VISIT_ENTER;
    if (changes->copy >= 0 && !changes->whole) return mark_opaque(level.copy) < 0 ? -1 : VISIT_ENTER;
    return note_hidden(innermost(&changes->levels)) < 0 ? -1 : VISIT_ENTER;
}

static int visit_top(struct changes *changes, const struct entry *entry)
{
    int kind = changes->lower < 0 ? 0 : kind_here(changes, entry, changes->lower);
    if (kind < 0) return -1;
    if (kind != 0) changes->entries++;
    int result = enter(changes, entry, changes->lower, kind);
    /* Nobody tells of the root. */
    innermost(&changes->levels)->told = true;
    return result;
}

static int look_below(const struct level *level, const char *name)
{
    if (!level->has_lower) return fail_with(ENOENT);
    return openat(level->lower, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Copies, counts or tells of what has changed; of a directory its copy is made before anybody knows. */
static int take(struct changes *changes, const struct entry *entry, int kind)
{
    if (changes->copy >= 0) return copy(changes, entry);
    if (kind == 0) return 0;
    return changes->count ? count(changes, entry)
                          : tell(changes, (char)kind, entry->path, strlen(entry->path));
}

static int visit(void *context, const struct entry *entry)
{
    struct changes *changes = context;
    struct level *level = innermost(&changes->levels);
    snprintf(changes->current, sizeof changes->current, "%s", entry->path);
    if (level == NULL) return visit_top(changes, entry);
    if (tell_hidden(changes, level, entry->path, entry->name) < 0) return -1;
    owned_fd lower = look_below(level, entry->name);
    if (lower < 0 && errno != ENOENT) return -1;
    if (is_gone_below(&entry->stat)) return visit_whiteout(changes, entry, lower);
    bool own = lower < 0 && is_own(&changes->own, entry);
    if (own && S_ISREG(entry->stat.st_mode)) return VISIT_SKIP;
    bool directory = S_ISDIR(entry->stat.st_mode);
    /* Of what an upper directory has only a directory may turn out to be no change. */
    if (changes->copy >= 0 && !directory && !changes->whole)
        return copy(changes, entry) < 0 ? -1 : VISIT_SKIP;
    int kind = kind_here(changes, entry, lower);
    if (kind < 0) return -1;
    if (own) kind = 0;
    if (kind == 0 && (!directory || is_of_the_layers(changes, entry, lower))) return VISIT_SKIP;
    if (take(changes, entry, kind) < 0) return -1;
    return directory ? enter(changes, entry, steal_fd(&lower), kind) : VISIT_SKIP;
}

/* A directory that is only there for what was made in it by the engine, or has been made again, is no change. */
static int end_directory(struct changes *changes, const struct entry *entry, bool kept)
{
    const struct level *up = innermost(&changes->levels);
    if (!kept && up != NULL && unlinkat(up->copy, entry->name, AT_REMOVEDIR) == 0) return 0;
    owned_fd copy = up == NULL
                        ? fcntl(changes->copy, F_DUPFD_CLOEXEC, 3)
                        : openat(up->copy, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (copy < 0 || end_copy(copy, entry, &changes->attributes, &changes->owners) < 0) return -1;
    return up == NULL ? 0 : note_copied(changes, entry);
}

static int leave(void *context, const struct entry *entry)
{
    struct changes *changes = context;
    struct level *level = innermost(&changes->levels);
    snprintf(changes->current, sizeof changes->current, "%s", entry->path);
    if (tell_hidden(changes, level, entry->path, NULL) < 0) return -1;
    bool kept = level->kept;
    if (pop_level(&changes->levels) < 0) return -1;
    return changes->copy < 0 ? 0 : end_directory(changes, entry, kept);
}

static int finish(struct changes *changes)
{
    if (changes->count) printf("%llu\n", (unsigned long long)changes->bytes);
    if (changes->copy < 0) return fflush(stdout);
    printf("%llu %llu\n", (unsigned long long)changes->entries, (unsigned long long)changes->bytes);
    return fflush(stdout) != 0 || syncfs(changes->copy) < 0 ? -1 : 0;
}

/* The tree that is made of `upper`, which is open already, on the layers: as a view of it that is mounted there. */
static int open_whole(char *upper, char *const *layers, int count)
{
    char **directories = malloc(((size_t)count + 1) * sizeof *directories);
    if (directories == NULL) return -1;
    directories[0] = upper;
    memcpy(directories + 1, layers, (size_t)count * sizeof *layers);
    int view = open_layers(directories, count + 1, upper);
    int saved = errno;
    free(directories);
    errno = saved;
    return view;
}

static int open_copy(struct changes *changes, const char *to)
{
    if (to == NULL) return 0;
    changes->copy = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return changes->copy < 0 ? failed(STAGE_ARCHIVE_ROOT, to) : 0;
}

static int find_differences(struct changes *changes, char *upper, char *since, char *const *layers, int count)
{
    const struct visitor visitor = {.context = changes, .visit = visit, .leave = leave};
    changes->upper = open(upper, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (changes->upper < 0) return failed(STAGE_ARCHIVE_ROOT, upper);
    changes->since = open(since, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (changes->since < 0) return failed(STAGE_ARCHIVE_ROOT, since);
    changes->lower = open_whole(since, layers, count);
    if (changes->lower < 0) return failed(STAGE_LAYER_OVERLAY, since);
    owned_fd view = open_whole(upper, layers, count);
    owned_fd top = view < 0 ? -1 : openat(view, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) return failed(STAGE_LAYER_OVERLAY, upper);
    changes->whole = true;
    if (walk_tree(top, &visitor) < 0 || finish(changes) < 0) return failed(STAGE_ARCHIVE, changes->current);
    return 0;
}

static int find_changes(struct changes *changes, const char *upper, char *const *layers, int count)
{
    const struct visitor visitor = {.context = changes, .visit = visit, .leave = leave};
    /* Before a view of the layers is mounted over it. */
    owned_fd top = open(upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0) return failed(STAGE_ARCHIVE_ROOT, upper);
    if (count > 0) changes->lower = open_layers(layers, count, upper);
    if (count > 0 && changes->lower < 0) return failed(STAGE_LAYER_OVERLAY, upper);
    if (walk_tree(top, &visitor) < 0 || finish(changes) < 0) return failed(STAGE_ARCHIVE, changes->current);
    return 0;
}

int changes_main(int argc, char **argv)
{
    static struct changes changes; /* large: nothing of it is in the file of the program */
    changes.lower = changes.copy = changes.upper = changes.since = -1;
    const char *to = NULL;
    char *since = NULL;
    int at = 2;
    umask(0);
    if (at < argc && strncmp(argv[at], "to=", 3) == 0) to = argv[at++] + 3;
    changes.count = to == NULL && at < argc && strcmp(argv[at], "size") == 0;
    if (changes.count) at++;
    if (at < argc && strncmp(argv[at], "since=", 6) == 0) since = argv[at++] + 6;
    while (at < argc && strncmp(argv[at], "from=", 5) == 0 && owners_take(&changes.owners, argv[at]) > 0)
        at++;
    at = take_own(&changes.own, argc, argv, at);
    if (argc < 2 || (at < argc && argv[at][0] != '/')) {
        fputs("usage: changes UPPER [to=DIR|size] [since=DIR] [from=MAP]... [own=PATH]... /LAYER...\n",
              stderr);
        return 2;
    }
    int result = open_copy(&changes, to);
    if (result == 0)
        result = since == NULL ? find_changes(&changes, argv[1], argv + at, argc - at)
                               : find_differences(&changes, argv[1], since, argv + at, argc - at);
    while (changes.levels.depth > 0)
        pop_level(&changes.levels);
    free(changes.levels.list);
    free_links(&changes.links);
    free_attributes(&changes.attributes);
    free_owners(&changes.owners);
    free_attributes(&changes.lower_attributes);
    if (result == 0) return 0;
    report_noted_failure();
    return 1;
}
