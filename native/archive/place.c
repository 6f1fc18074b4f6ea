/*
 * The verb `place ROOT PATH WORD...`: reads an apply stream (layer/stream.h) and makes what it says below the directory
 * PATH, whatever somebody is doing there meanwhile; nothing is made outside of it, and no name means a whiteout. WORDs are
 * `from=MAP`, `to=MAP`, `owner=U:G` and `progress` of the verb `copy`, and `top`: what the stream says of PATH itself holds,
 * which else stays as it is; `merge`: a directory that the stream makes may be a link there, as well. What is there gives way as in copy; parents that the stream does not make may be links, if they
 * stay below PATH.
 */
#include "archive/attributes.h"
#include "archive/destination.h"
#include "archive/owners.h"
#include "archive/progress.h"
#include "archive/root.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "layer/stream.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file, until its content is complete. */
struct pending {
    struct making making;
    char path[PATH_MAX];
    struct attributes attributes;
    bool has_hole;
};

struct place {
    struct destination to;
    struct owners owners;
    bool progress, top, merge;
    bool in_top;         /* what was said of PATH is complete when we leave it */
    char here[PATH_MAX]; /* the directory that we are in, below PATH */
    struct pending file;
};

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void forget_last(char *path)
{
    char *slash = strrchr(path, '/');
    *(slash == NULL ? path : slash) = '\0';
}

static bool is_within(const char *path, size_t length, const char *directory)
{
    size_t size = strlen(directory);
    return size == 0 ||
           (size <= length && memcmp(path, directory, size) == 0 && (size == length || path[size] == '/'));
}

/* What a directory is like that the stream does not make: the root's of where it goes. */
static int make_plain(struct place *place, struct making *making)
{
    struct attributes none = {0};
    *making = (struct making){.stat = {.st_mode = S_IFDIR | 0755}};
    clock_gettime(CLOCK_REALTIME, &making->stat.st_mtim);
    making->stat.st_atim = making->stat.st_mtim;
    const struct id_way way = {.to = place->owners.way.to};
    if (place->owners.given) return owners_translate(&place->owners, making, &none);
    return translate_id(&way, 'u', 0, &making->stat.st_uid) < 0 ||
                   translate_id(&way, 'g', 0, &making->stat.st_gid) < 0
               ? -1
               : 0;
}

static int enter_parent(struct place *place, const char *name)
{
    struct making making;
    size_t length = strlen(place->here);
    if (make_plain(place, &making) < 0) return -1;
    if (length + strlen(name) + 2 > sizeof place->here) return fail_with(ENAMETOOLONG);
    sprintf(place->here + length, "%s%s", length == 0 ? "" : "/", name);
    int result = destination_enter(&place->to, name, &making, true);
    if (result < 0 && errno == ENOTDIR) result = destination_enter_by_link(&place->to, place->here);
    if (result < 0) place->here[length] = '\0';
    return result;
}

/* Goes to the directory that is the first `length` bytes of a path. */
static int go_to(struct place *place, const char *path, size_t length)
{
    while (!is_within(path, length, place->here)) {
        forget_last(place->here);
        if (destination_leave(&place->to) < 0) return -1;
    }
    size_t at = strlen(place->here);
    while (at < length) {
        char name[NAME_MAX + 1];
        if (path[at] == '/') at++;
        size_t size = strcspn(path + at, "/");
        if (size > NAME_MAX) return fail_with(ENAMETOOLONG);
        snprintf(name, sizeof name, "%.*s", (int)size, path + at);
        if (enter_parent(place, name) < 0) return -1;
        at += size;
    }
    return 0;
}

static int leave_top(struct place *place)
{
    bool in_top = place->in_top;
    place->in_top = false;
    return in_top ? destination_leave(&place->to) : 0;
}

static int read_making(struct place *place, char type, const struct entry *entry,
                       struct attributes *attributes, struct making *making)
{
    static const struct {
        char type;
        mode_t mode;
    } kinds[] = {{'F', S_IFREG}, {'D', S_IFDIR}, {'S', S_IFLNK},
                 {'P', S_IFIFO}, {'C', S_IFCHR}, {'B', S_IFBLK}};
    struct entry_attribute found;
    const uint8_t *at = entry->xattrs;
    int more;
    *making = (struct making){.target = entry->target};
    making->stat.st_uid = entry->uid;
    making->stat.st_gid = entry->gid;
    making->stat.st_rdev = entry->device;
    making->stat.st_mtim = making->stat.st_atim = entry->mtime;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].type == type) making->stat.st_mode = kinds[i].mode | entry->mode;
    if (making->stat.st_mode == 0) return fail_with(EBADMSG);
    attributes->count = 0;
    while ((more = next_attribute(entry, &at, &found)) == 1) {
        if (attributes->count == ATTRIBUTES_MAX) return fail_with(E2BIG);
        attributes->list[attributes->count++] =
            (struct attribute){found.name, (const char *)found.value, found.size};
    }
    return more < 0 ? -1 : owners_translate(&place->owners, making, attributes);
}

/* Keeps what the record says: by the end of the content it has left the buffer. */
static int keep_attributes(struct attributes *kept, const struct attributes *attributes)
{
    size_t size = 0;
    for (size_t i = 0; i < attributes->count; i++)
        size += strlen(attributes->list[i].name) + 1 + attributes->list[i].size;
    if (size > kept->room) {
        char *grown = realloc(kept->values, size);
        if (grown == NULL) return -1;
        kept->values = grown;
        kept->room = size;
    }
    char *at = kept->values;
    for (size_t i = 0; i < attributes->count; i++) {
        const struct attribute *from = &attributes->list[i];
        struct attribute *to = &kept->list[i];
        to->name = strcpy(at, from->name);
        at += strlen(at) + 1;
        to->value = from->size == 0 ? at : memcpy(at, from->value, from->size);
        to->size = from->size;
        at += from->size;
    }
    kept->count = attributes->count;
    return 0;
}

static int begin_file(struct place *place, const struct entry *entry, const struct making *making,
                      const struct attributes *attributes)
{
    struct pending *file = &place->file;
    if (keep_attributes(&file->attributes, attributes) < 0) return -1;
    file->making = *making;
    file->making.target = NULL;
    file->making.attributes = file->attributes.list;
    file->has_hole = false;
    snprintf(file->path, sizeof file->path, "%s", entry->path);
    return destination_begin_file(&place->to, name_of(entry->path), making->stat.st_mode);
}

static int end_file(struct place *place)
{
    struct destination *to = &place->to;
    if (to->file < 0) return 0;
    if (place->file.has_hole && ftruncate(to->file, lseek(to->file, 0, SEEK_CUR)) < 0) return -1;
    return destination_end_file(to, name_of(place->file.path), &place->file.making);
}

static int make_link(struct place *place, const struct entry *entry)
{
    int result = destination_link(&place->to, name_of(entry->path), entry->target);
    return result == 0 ? fail_with(ENOENT) : result < 0 ? -1 : 0;
}

static int make_top(struct place *place, char type, const struct entry *entry)
{
    struct making making;
    static struct attributes attributes;
    if (type != 'D') return fail_with(EBADMSG);
    if (!place->top) return 0;
    if (go_to(place, "", 0) < 0 || leave_top(place) < 0 ||
        read_making(place, type, entry, &attributes, &making) < 0 ||
        destination_enter_top(&place->to, &making) < 0)
        return -1;
    place->in_top = true;
    return 0;
}

static int make(struct place *place, char type, const struct entry *entry)
{
    struct making making;
    static struct attributes attributes;
    const char *name = name_of(entry->path);
    size_t length = name == entry->path ? 0 : (size_t)(name - entry->path - 1);
    if (*entry->path == '\0') return make_top(place, type, entry);
    if (progress_entry() < 0 || go_to(place, entry->path, length) < 0) return -1;
    if (type == 'H') return make_link(place, entry);
    if (read_making(place, type, entry, &attributes, &making) < 0) return -1;
    if (type == 'F') return begin_file(place, entry, &making, &attributes);
    if (type != 'D') return destination_node(&place->to, name, &making);
    int entered = destination_enter(&place->to, name, &making, false);
    if (entered < 0 && errno == ENOTDIR && place->merge)
        entered = destination_enter_by_link(&place->to, entry->path);
    if (entered < 0) return -1;
    snprintf(place->here, sizeof place->here, "%s", entry->path);
    return 0;
}

static int write_data(struct place *place, const uint8_t *bytes, size_t length)
{
    if (place->to.file < 0) return fail_with(EBADMSG);
    place->file.has_hole = false;
    if (write_all(place->to.file, bytes, length) < 0) return -1;
    return progress_bytes((off_t)length);
}

static int write_hole(struct place *place, const uint8_t *body, size_t length)
{
    uint64_t size;
    if (place->to.file < 0 || length != sizeof size) return fail_with(EBADMSG);
    memcpy(&size, body, sizeof size);
    place->file.has_hole = true;
    return lseek(place->to.file, (off_t)size, SEEK_CUR) < 0 ? -1 : 0;
}

static int perform(void *context, char op, const uint8_t *body, size_t length)
{
    struct place *place = context;
    struct entry entry;
    if (op == 'd' || op == 'h') {
        int result = op == 'd' ? write_data(place, body, length) : write_hole(place, body, length);
        return result < 0 ? failed(STAGE_PLACE, place->file.path) : 0;
    }
    if (end_file(place) < 0) return failed(STAGE_PLACE, place->file.path);
    if (op == 'E')
        return go_to(place, "", 0) < 0 || leave_top(place) < 0 ? failed(STAGE_PLACE, place->here) : 1;
    if (read_entry(&entry, body, length) < 0) return failed(STAGE_PLACE, "");
    return make(place, op, &entry) < 0 ? failed(STAGE_PLACE, entry.path) : 0;
}

static int place_at(struct place *place, const char *root_text, const char *path)
{
    owned_fd root = open_root(root_text);
    if (root < 0) return -1;
    int directory = root_open(root, path, true);
    if (directory < 0 || destination_open(&place->to, directory) < 0 || owners_act(&place->owners) < 0)
        return failed(STAGE_COPY_TO, path);
    place->to.any_order = true;
    place->to.whole = strcmp(path, "/") == 0;
    const struct stream stream = {.fd = STDIN_FILENO, .perform = perform, .context = place};
    int result = read_stream(&stream);
    destination_abandon_file(&place->to, name_of(place->file.path));
    return result;
}

static int read_words(struct place *place, char **word)
{
    for (; *word != NULL; word++) {
        if (strcmp(*word, "progress") == 0)
            place->progress = true;
        else if (strcmp(*word, "top") == 0)
            place->top = true;
        else if (strcmp(*word, "merge") == 0)
            place->merge = true;
        else if (owners_take(&place->owners, *word) != 1)
            return -1;
    }
    return 0;
}

int place_main(int argc, char **argv)
{
    static struct place place = {.to = {.top = -1, .file = -1}};
    if (argc < 3 || read_words(&place, argv + 3) < 0) {
        fputs("usage: place ROOT PATH [from=MAP]... [to=MAP]... [owner=U:G] [top] [merge] [progress]\n",
              stderr);
        return 2;
    }
    umask(0);
    progress_begin(place.progress);
    int result = place_at(&place, argv[1], argv[2]);
    destination_close(&place.to);
    free_owners(&place.owners);
    free_attributes(&place.file.attributes);
    if (result == 0) return progress_end(place.to.left_out), 0;
    report_noted_failure();
    return 1;
}
