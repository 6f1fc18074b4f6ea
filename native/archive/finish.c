/*
 * The verb `finish UPPER [WORD]... LAYER...`: makes a layer of an overlay's upper directory where it is, on the layers
 * below it, topmost first. Nobody writes to it meanwhile. WORDs:
 *   latest=SECONDS  no time in it stays later than this
 *   since=SECONDS   with latest: instead times from then on become that, and earlier ones stay
 *   own=PATH        as of `changes`
 *   sync            ends when all of it is on the disk
 * What is no part of a layer goes: sockets, what the engine itself has made, directories in which nothing differs,
 * whiteouts of nothing, and what overlay notes for itself. Prints the number of entries that are changes and the bytes in
 * their files, then, unless there are none, the sha256 of the archive that `archive UPPER / layer as=.` writes, in
 * hexadecimal, and its size. EREMOTE for what overlay keeps elsewhere, EILSEQ for a name that would be a whiteout.
 */
#include "archive/compare.h"
#include "archive/layers.h"
#include "archive/levels.h"
#include "archive/metadata.h"
#include "archive/write_archive.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "base/walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/xattr.h>

struct finish {
    struct levels levels; /* what they call a copy is the directory itself */
    struct own_places own;
    int lower; /* of the top */
    bool sync, clamps, dates;
    int64_t latest, since; /* seconds */
    struct known_links links;
    struct attributes attributes, lower_attributes;
    uint64_t entries, bytes;
    char current[PATH_MAX]; /* for the report of a failure */
};

static bool is_listed(const char *names, ssize_t length, const char *name)
{
    for (const char *at = names; at < names + length; at += strlen(at) + 1) {
        if (strcmp(at, name) == 0) return true;
    }
    return false;
}

static int forget_note(const char *path, const char *names, ssize_t length, const char *name)
{
    return !is_listed(names, length, name) || removexattr(path, name) == 0 ? 0 : -1;
}

/*
 * What overlay has noted in its upper directory means nothing, or something else, in a lower one. EREMOTE: the content is
 * elsewhere.
 */
static int forget_notes(int fd, bool opaque)
{
    static const char *const notes[] = {"origin", "impure", "nlink", "upper", "uuid", "protattr", "opaque"};
    static char names[ATTRIBUTE_LARGEST];
    char path[32], name[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = listxattr(path, names, sizeof names);
    if (length <= 0) return length == 0 || errno == EOPNOTSUPP ? 0 : -1;
    if (is_listed(names, length, "trusted.overlay.redirect") ||
        is_listed(names, length, "trusted.overlay.metacopy"))
        return fail_with(EREMOTE);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        if (opaque && strcmp(notes[i], "opaque") == 0) continue;
        snprintf(name, sizeof name, "trusted.overlay.%s", notes[i]);
        if (forget_note(path, names, length, name) < 0) return -1;
        snprintf(name, sizeof name, "user.overlay.%s", notes[i]);
        if (forget_note(path, names, length, name) < 0) return -1;
    }
    return 0;
}

static bool is_late(const struct finish *finish, const struct timespec *time)
{
    if (!finish->clamps) return false;
    if (finish->dates) return time->tv_sec >= finish->since;
    return time->tv_sec > finish->latest || (time->tv_sec == finish->latest && time->tv_nsec > 0);
}

/* Symlinks have no notes of overlay's. */
static int tidy(const struct finish *finish, const struct entry *entry, bool opaque)
{
    struct stat stat = entry->stat;
    bool late = is_late(finish, &stat.st_mtim);
    if (!S_ISLNK(stat.st_mode) && forget_notes(entry->fd, opaque) < 0) return -1;
    if (late) stat.st_mtim = (struct timespec){.tv_sec = (time_t)finish->latest};
    /* What was taken out of a directory has changed its time. */
    return late || S_ISDIR(stat.st_mode) ? give_times(entry->fd, &stat) : 0;
}

static int keep(struct finish *finish, const struct entry *entry, bool opaque)
{
    finish->entries++;
    if (S_ISREG(entry->stat.st_mode)) {
        bool again = entry->stat.st_nlink > 1 && first_name(&finish->links, &entry->stat, entry->path);
        if (!again) finish->bytes += (uint64_t)entry->stat.st_size;
    }
    return tidy(finish, entry, opaque);
}

static int drop(const struct finish *finish, const struct entry *entry)
{
    return unlinkat(innermost(&finish->levels)->copy, entry->name, 0) < 0 ? -1 : VISIT_SKIP;
}

/* Goes down into a directory; takes `lower` over. */
static int enter(struct finish *finish, const struct entry *entry, int lower, int kind)
{
    struct stat stat;
    bool merges = lower >= 0 && fstat(lower, &stat) == 0 && S_ISDIR(stat.st_mode);
    if (!merges) close_fd(&lower);
    struct level level = {.lower = lower,
                          .copy = openat(entry->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                          .has_lower = merges,
                          .opaque = merges && is_opaque(entry->fd),
                          .path_length = strlen(entry->path)};
    level.kept = kind != 0 || level.opaque;
    bool opened = level.copy >= 0;
    return push_level(&finish->levels, &level) < 0 || !opened ? -1 : VISIT_ENTER;
}

static int visit_top(struct finish *finish, const struct entry *entry)
{
    int kind = finish->lower < 0
                   ? 0
                   : kind_of(entry, finish->lower, NULL, &finish->attributes, &finish->lower_attributes);
    return kind < 0 ? -1 : enter(finish, entry, finish->lower, kind);
}

static int look_below(const struct level *level, const char *name)
{
    if (!level->has_lower) return fail_with(ENOENT);
    return openat(level->lower, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int visit(void *context, const struct entry *entry)
{
    struct finish *finish = context;
    struct level *level = innermost(&finish->levels);
    snprintf(finish->current, sizeof finish->current, "%s", entry->path);
    if (level == NULL) return visit_top(finish, entry);
    if (S_ISSOCK(entry->stat.st_mode)) return drop(finish, entry);
    owned_fd lower = look_below(level, entry->name);
    if (lower < 0 && errno != ENOENT) return -1;
    if (is_gone_below(&entry->stat)) {
        if (lower < 0) return drop(finish, entry);
        return keep(finish, entry, false) < 0 ? -1 : VISIT_SKIP;
    }
    bool own = lower < 0 && is_own(&finish->own, entry);
    if (own && S_ISREG(entry->stat.st_mode)) return drop(finish, entry);
    /* What is no directory was put there. */
    if (!S_ISDIR(entry->stat.st_mode)) return keep(finish, entry, false) < 0 ? -1 : VISIT_SKIP;
    int kind = kind_of(entry, lower, NULL, &finish->attributes, &finish->lower_attributes);
    return kind < 0 ? -1 : enter(finish, entry, steal_fd(&lower), own ? 0 : kind);
}

/* A directory that is only there for what was in it, or has been made again, is no change. */
static int leave(void *context, const struct entry *entry)
{
    struct finish *finish = context;
    const struct level *level = innermost(&finish->levels);
    bool kept = level->kept, opaque = level->opaque;
    snprintf(finish->current, sizeof finish->current, "%s", entry->path);
    if (pop_level(&finish->levels) < 0) return -1;
    const struct level *up = innermost(&finish->levels);
    if (up == NULL) {
        finish->entries += kept;
        return tidy(finish, entry, opaque);
    }
    if (!kept && unlinkat(up->copy, entry->name, AT_REMOVEDIR) == 0) return 0;
    if (!kept && errno != ENOTEMPTY && errno != EEXIST) return -1;
    return keep(finish, entry, opaque);
}

/* The disk works while we count: -1 when it cannot be begun. */
static pid_t begin_sync(int top)
{
    pid_t child = fork();
    if (child == 0) _exit(syncfs(top) == 0 ? 0 : errno);
    return child;
}

static int end_sync(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return -1;
    }
    if (!WIFEXITED(status)) return fail_with(EIO);
    return WEXITSTATUS(status) == 0 ? 0 : fail_with(WEXITSTATUS(status));
}

static int print_digest(const struct finish *finish, int top)
{
    static struct archive archive;
    struct sha256 hash;
    uint8_t digest[SHA256_SIZE];
    char text[SHA256_TEXT];
    archive.as = "";
    archive.layer = true;
    sha256_begin(&hash);
    int result = write_archive(&archive, top, -1, &hash);
    if (result < 0) failed(STAGE_ARCHIVE, archive.current);
    sha256_end(&hash, digest);
    sha256_text(digest, text);
    free_archive(&archive);
    if (result < 0) return -1;
    printf("%llu %llu %s %llu\n", (unsigned long long)finish->entries, (unsigned long long)finish->bytes,
           text, (unsigned long long)archive.tar.written);
    return 0;
}

static int tell(const struct finish *finish, int top, const char *upper)
{
    if (finish->entries == 0) return puts("0 0") < 0 ? -1 : 0;
    pid_t sync = finish->sync ? begin_sync(top) : 0;
    if (sync < 0) return failed(STAGE_ARCHIVE, upper);
    int result = print_digest(finish, top);
    if (sync > 0 && end_sync(sync) < 0) return failed(STAGE_LAYER_SYNC, upper);
    return result;
}

static int make_layer(struct finish *finish, const char *upper, char *const *layers, int count)
{
    const struct visitor visitor = {.context = finish, .visit = visit, .leave = leave};
    /* Before a view of the layers is mounted over it. */
    owned_fd top = open(upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0) return failed(STAGE_ARCHIVE_ROOT, upper);
    if (count > 0) finish->lower = open_layers(layers, count, upper);
    if (count > 0 && finish->lower < 0) return failed(STAGE_LAYER_OVERLAY, upper);
    if (walk_tree(top, &visitor) < 0) return failed(STAGE_ARCHIVE, finish->current);
    return tell(finish, top, upper) < 0 || fflush(stdout) != 0 ? -1 : 0;
}

/* Returns where the layers begin; -1 for a word that is none. */
static int read_words(struct finish *finish, int argc, char **argv)
{
    int at = 2;
    for (; at < argc && argv[at][0] != '/' && strncmp(argv[at], "own=", 4) != 0; at++) {
        if (strcmp(argv[at], "sync") == 0)
            finish->sync = true;
        else if (strncmp(argv[at], "latest=", 7) == 0 && parse_number(argv[at] + 7, 10, &finish->latest) == 0)
            finish->clamps = true;
        else if (strncmp(argv[at], "since=", 6) == 0 && parse_number(argv[at] + 6, 10, &finish->since) == 0)
            finish->dates = true;
        else
            return -1;
    }
    at = take_own(&finish->own, argc, argv, at);
    return at < argc && argv[at][0] != '/' ? -1 : at;
}

int finish_main(int argc, char **argv)
{
    static struct finish finish; /* large: nothing of it is in the file of the program */
    finish.lower = -1;
    int at = argc < 2 ? -1 : read_words(&finish, argc, argv);
    if (at < 0) {
        fputs("usage: finish UPPER [sync] [latest=SECONDS [since=SECONDS]] [own=PATH]... /LAYER...\n",
              stderr);
        return 2;
    }
    int result = make_layer(&finish, argv[1], argv + at, argc - at);
    while (finish.levels.depth > 0)
        pop_level(&finish.levels);
    free(finish.levels.list);
    free_links(&finish.links);
    free_attributes(&finish.attributes);
    free_attributes(&finish.lower_attributes);
    if (result == 0) return 0;
    report_noted_failure();
    return 1;
}
