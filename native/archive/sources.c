#include "archive/sources.h"

#include "archive/kernel_files.h"
#include "archive/mode.h"
#include "archive/progress.h"
#include "base/kernel.h"
#include "base/util.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One source, while it is walked. */
struct walking {
    struct sources *sources;
    const struct taker *taker;
    struct source source;
    const char *next; /* what is taken next, with `only`; "" : nothing more */
    dev_t device;     /* of the top */
};

int sources_take_word(struct sources *sources, const char *word)
{
    if (strncmp(word, "owner=", 6) == 0) return owners_take(&sources->owners, word);
    if (strncmp(word, "time=", 5) == 0) {
        sources->has_time = true;
        return parse_number(word + 5, 10, &sources->time) < 0 ? -1 : 1;
    }
    if (strncmp(word, "mode=", 5) != 0) return 0;
    mode_t mode = S_IFREG;
    if (change_mode(&mode, word + 5) < 0) return -1;
    sources->mode = word + 5;
    return 1;
}

static const char *next_field(struct sources *sources)
{
    const char *field = sources->text + sources->at;
    sources->at += strlen(field) + 1;
    return field;
}

/* 0: there is no more. -1 with EBADMSG. */
static int next_source(struct sources *sources, struct source *source)
{
    if (sources->at >= sources->size) return 0;
    *source = (struct source){.path = next_field(sources)};
    if (sources->at >= sources->size) return fail_with(EBADMSG);
    source->name = next_field(sources);
    if (sources->at >= sources->size) return fail_with(EBADMSG);
    const char *what = next_field(sources);
    source->only = strcmp(what, "only") == 0;
    source->is_file = strcmp(what, "file") == 0;
    return source->only || source->is_file || strcmp(what, "all") == 0 ? 1 : fail_with(EBADMSG);
}

static int skip_names(struct sources *sources)
{
    while (sources->at < sources->size) {
        if (*next_field(sources) == '\0') return 0;
    }
    return fail_with(EBADMSG);
}

/* Whether the fields are what they have to be. */
static int count_sources(struct sources *sources)
{
    struct source source;
    int more;
    if (sources->size > 0 && sources->text[sources->size - 1] != '\0') return fail_with(EBADMSG);
    while ((more = next_source(sources, &source)) == 1) {
        if (source.only && skip_names(sources) < 0) return -1;
        sources->count++;
    }
    sources->at = 0;
    return more;
}

int sources_read(struct sources *sources)
{
    size_t room = 1 << 16;
    ssize_t length;
    sha256_begin(&sources->hash);
    sources->text = malloc(room);
    if (sources->text == NULL) return -1;
    while ((length = read(STDIN_FILENO, sources->text + sources->size, room - sources->size)) != 0) {
        if (length < 0) return -1;
        sources->size += (size_t)length;
        if (sources->size < room) continue;
        char *grown = realloc(sources->text, room * 2);
        if (grown == NULL) return -1;
        sources->text = grown;
        room *= 2;
    }
    return count_sources(sources);
}

static void hash_text(struct sha256 *hash, const char *text)
{
    sha256_add(hash, text, strlen(text) + 1);
}

static void hash_number(struct sha256 *hash, uint64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    sha256_add(hash, bytes, sizeof bytes);
}

/* A file by its content, wherever that is read; the digest of which is stored. */
static int hash_content(struct sources *sources, int content, uint64_t size, uint8_t digest[SHA256_SIZE])
{
    static char buffer[1 << 17];
    struct sha256 hash;
    ssize_t length;
    sha256_begin(&hash);
    do {
        length = pread(content, buffer, sizeof buffer, (off_t)hash.length);
        if (length < 0) return -1;
        sha256_add(&hash, buffer, (size_t)length);
        /* Less than was asked for is the end, if it is where that has to be: it need not be looked for once more. */
    } while (length == (ssize_t)sizeof buffer || (length > 0 && hash.length < size));
    sources->bytes += hash.length;
    sha256_end(&hash, digest);
    sha256_add(&sources->hash, digest, SHA256_SIZE);
    return 0;
}

static void hash_attributes(struct sha256 *hash, const struct making *making)
{
    hash_number(hash, making->attribute_count);
    for (size_t i = 0; i < making->attribute_count; i++) {
        const struct attribute *attribute = &making->attributes[i];
        hash_text(hash, attribute->name);
        hash_number(hash, attribute->size);
        sha256_add(hash, attribute->value, attribute->size);
    }
}

static bool is_ordinary(const struct stat *stat)
{
    return S_ISREG(stat->st_mode) && stat->st_nlink == 1;
}

/* What was read of a file is known from now on if nobody has written to it meanwhile. */
static int note_content(struct sources *sources, const struct taken *taken, int content,
                        const uint8_t *digest)
{
    const struct stat *before = &taken->entry->stat;
    struct stat after;
    bool knows = sources->known.path != NULL && is_ordinary(before) && taken->making->attribute_count == 0;
    if (!knows || fstat(content, &after) < 0 || after.st_size != before->st_size) return 0;
    return known_files_add(&sources->known, &after, digest);
}

/* What a file is called is no part of it when the destination says so; TypeScript knows. `known`: its content's digest. */
static int hash_taken(struct sources *sources, const struct taken *taken, int content, const uint8_t *known)
{
    uint8_t digest[SHA256_SIZE];
    struct sha256 *hash = &sources->hash;
    const struct stat *stat = &taken->making->stat;
    hash_text(hash, taken->first_name != NULL ? "link" : "entry");
    hash_text(hash, taken->source->is_directory ? taken->entry->path : taken->source->name);
    if (taken->first_name != NULL) return hash_text(hash, taken->first_name), 0;
    hash_number(hash, stat->st_mode);
    hash_number(hash, stat->st_uid);
    hash_number(hash, stat->st_gid);
    hash_attributes(hash, taken->making);
    if (S_ISLNK(stat->st_mode)) hash_text(hash, taken->making->target);
    if (S_ISCHR(stat->st_mode) || S_ISBLK(stat->st_mode)) hash_number(hash, stat->st_rdev);
    if (!S_ISREG(stat->st_mode)) return 0;
    if (known != NULL) {
        sources->bytes += (uint64_t)stat->st_size;
        return sha256_add(&sources->hash, known, SHA256_SIZE), 0;
    }
    if (hash_content(sources, content, (uint64_t)stat->st_size, digest) < 0) return -1;
    return note_content(sources, taken, content, digest);
}

/* The order of a walk: that of the bytes of names, a directory before what is in it. */
static int compare_paths(const char *one, const char *other)
{
    while (*one == *other && *one != '\0')
        one++, other++;
    int a = *one == '\0' ? -2 : *one == '/' ? -1 : (unsigned char)*one;
    int b = *other == '\0' ? -2 : *other == '/' ? -1 : (unsigned char)*other;
    return a - b;
}

/* Whether an entry is to be taken. What stands before it and was not met is not there any more. */
static bool is_wanted(struct walking *walking, const char *path)
{
    if (!walking->source.only) return true;
    while (*walking->next != '\0') {
        int order = compare_paths(walking->next, path);
        if (order > 0) return false;
        walking->next = next_field(walking->sources);
        if (order == 0) return true;
    }
    return false;
}

static int read_target(const struct entry *entry, char target[PATH_MAX])
{
    ssize_t length = readlinkat(entry->fd, "", target, PATH_MAX - 1);
    if (length < 0) return -1;
    target[length] = '\0';
    return 0;
}

static int read_making(struct sources *sources, struct making *making, const struct entry *entry, int content)
{
    making->stat = entry->stat;
    sources->attributes.count = 0;
    bool is_known = content < 0 && entry->fd < 0;
    if ((!is_known && read_attributes(&sources->attributes, content < 0 ? entry->fd : content) < 0) ||
        owners_translate(&sources->owners, making, &sources->attributes) < 0)
        return -1;
    if (sources->has_time) making->stat.st_mtim = (struct timespec){.tv_sec = (time_t)sources->time};
    bool changes = sources->mode != NULL && !S_ISLNK(making->stat.st_mode);
    return changes ? change_mode(&making->stat.st_mode, sources->mode) : 0;
}

static int take(struct walking *walking, const struct entry *entry)
{
    char target[PATH_MAX];
    struct sources *sources = walking->sources;
    mode_t type = entry->stat.st_mode & S_IFMT;
    struct making making = {.target = target};
    *target = '\0';
    struct taken taken = {.source = &walking->source, .entry = entry, .making = &making, .content = -1};
    errno = 0;
    if (type != S_IFDIR && entry->stat.st_nlink > 1)
        taken.first_name = first_name(&sources->links, &entry->stat, entry->path);
    if (taken.first_name == NULL && errno == ENOMEM) return -1;
    owned_fd opened = type == S_IFREG ? open_entry(entry) : -1;
    if (type == S_IFREG && opened < 0) return -1;
    if (type == S_IFLNK && read_target(entry, target) < 0) return -1;
    if (read_making(sources, &making, entry, opened) < 0) return -1;
    int content = taken.content = opened;
    sources->entries++;
    int result = walking->taker->take(walking->taker->context, &taken, &content);
    if (result == 0) result = hash_taken(sources, &taken, content, NULL);
    if (content != opened) close_fd(&content);
    return result < 0 ? -1 : 0;
}

/* A file of which all is known is as good as read. */
static int glance(void *context, const struct entry *entry)
{
    struct walking *walking = context;
    struct sources *sources = walking->sources;
    const uint8_t *known = is_ordinary(&entry->stat) ? known_files_find(&sources->known, &entry->stat) : NULL;
    if (known == NULL) return 0;
    if (!is_wanted(walking, entry->path)) return 1;
    struct making making = {.target = ""};
    const struct taken taken = {.source = &walking->source, .entry = entry, .making = &making, .content = -1};
    if (read_making(sources, &making, entry, -1) < 0) return -1;
    sources->entries++;
    return hash_taken(sources, &taken, -1, known) < 0 ? -1 : 1;
}

static int visit_top(struct walking *walking, const struct entry *entry)
{
    struct source *source = &walking->source;
    source->is_directory = S_ISDIR(entry->stat.st_mode);
    walking->device = entry->stat.st_dev;
    if (S_ISLNK(entry->stat.st_mode)) return fail_with(ELOOP);
    if (source->is_file && source->is_directory) return fail_with(EISDIR);
    hash_text(&walking->sources->hash, source->is_directory ? "directory" : "file");
    const struct taker *taker = walking->taker;
    if (taker->begin != NULL && taker->begin(taker->context, source) < 0) return -1;
    return source->is_directory ? VISIT_ENTER : take(walking, entry) < 0 ? -1 : VISIT_SKIP;
}

static int visit(void *context, const struct entry *entry)
{
    struct walking *walking = context;
    const char *between = *walking->source.path == '\0' || *entry->path == '\0' ? "" : "/";
    snprintf(walking->sources->current, sizeof walking->sources->current, "%s%s%s", walking->source.path,
             between, entry->path);
    if (S_ISSOCK(entry->stat.st_mode)) return progress_socket(), VISIT_SKIP;
    if (*entry->path == '\0') return visit_top(walking, entry);
    if (!is_wanted(walking, entry->path)) return VISIT_SKIP;
    if (take(walking, entry) < 0) return -1;
    if (!S_ISDIR(entry->stat.st_mode)) return VISIT_SKIP;
    if (entry->stat.st_dev == walking->device || !is_of_the_kernel(entry->fd)) return VISIT_ENTER;
    const struct taker *taker = walking->taker;
    return taker->leave != NULL && taker->leave(taker->context, entry) < 0 ? -1 : VISIT_SKIP;
}

static int leave(void *context, const struct entry *entry)
{
    struct walking *walking = context;
    const struct taker *taker = walking->taker;
    return *entry->path == '\0' || taker->leave == NULL ? 0 : taker->leave(taker->context, entry);
}

static int walk_source(struct walking *walking)
{
    struct sources *sources = walking->sources;
    const struct visitor visitor = {
        .context = walking,
        .glance = sources->known.before_count == 0 ? NULL : glance,
        .visit = visit,
        .leave = leave,
    };
    const char *path = *walking->source.path == '\0' ? "." : walking->source.path;
    snprintf(sources->current, sizeof sources->current, "%s", walking->source.path);
    owned_fd top = k_openat2(sources->root, path, O_PATH | O_NOFOLLOW, 0,
                             K_RESOLVE_IN_ROOT | K_RESOLVE_NO_SYMLINKS | K_RESOLVE_NO_MAGICLINKS);
    if (top < 0) return -1;
    /* The same file may be copied twice. */
    free_links(&sources->links);
    walking->next = walking->source.only ? next_field(sources) : "";
    if (walk_tree(top, &visitor) < 0) return -1;
    while (*walking->next != '\0')
        walking->next = next_field(sources);
    return 0;
}

int sources_walk(struct sources *sources, const struct taker *taker)
{
    struct walking walking = {.sources = sources, .taker = taker};
    int more;
    while ((more = next_source(sources, &walking.source)) == 1) {
        if (walk_source(&walking) < 0) return -1;
    }
    return more;
}

void sources_digest(struct sources *sources, char text[SHA256_TEXT])
{
    uint8_t digest[SHA256_SIZE];
    sha256_end(&sources->hash, digest);
    sha256_text(digest, text);
}

void sources_free(struct sources *sources)
{
    free(sources->text);
    free_links(&sources->links);
    free_attributes(&sources->attributes);
    free_owners(&sources->owners);
    known_files_free(&sources->known);
}
