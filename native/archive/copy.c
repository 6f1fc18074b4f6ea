/*
 * The verb `copy ROOT PATH TO-ROOT TO-PATH WORD...`: copies what lies at PATH into the directory TO-PATH, whatever somebody
 * is doing to either tree meanwhile. WORDs:
 *   follow       a link at the end of PATH is followed
 *   as=NAME      the name that it gets there; `.`: what is in the directory goes there, which itself stays as it is
 *   from=MAP     an id map (`u:INSIDE:OUTSIDE:COUNT`, `g:...`) through which ROOT is seen
 *   to=MAP       one through which TO-ROOT is seen
 *   owner=U:G    all belongs to these, as TO-ROOT calls them
 *   exact        sockets, and all attributes, too, those of overlay and of the host's policy: nothing may be left out
 *   sync         ends when all of it is on the disk
 *   progress     says on standard output how far it is
 * File systems of the kernel appear as empty directories; sockets do not, and are counted.
 */
#include "archive/attributes.h"
#include "archive/destination.h"
#include "archive/kernel_files.h"
#include "archive/links.h"
#include "archive/owners.h"
#include "archive/progress.h"
#include "archive/root.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "base/walk.h"
#include "layer/copy_content.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct copy {
    const char *as; /* "" : no name of its own */
    bool follow, progress, sync, exact;
    dev_t device; /* of the top of the source */
    dev_t made_device;
    ino_t made_inode; /* the first directory that was made or entered; 0: none yet */
    struct destination to;
    struct owners owners;
    struct known_links links;
    struct attributes attributes;
    char *path; /* below TO-PATH */
    size_t path_room;
    char current[PATH_MAX]; /* for the report of a failure */
};

static int set_path(struct copy *copy, const char *path)
{
    size_t needed = strlen(copy->as) + strlen(path) + 2;
    if (needed > copy->path_room) {
        char *grown = realloc(copy->path, needed * 2);
        if (grown == NULL) return -1;
        copy->path = grown;
        copy->path_room = needed * 2;
    }
    const char *slash = *copy->as == '\0' || *path == '\0' ? "" : "/";
    sprintf(copy->path, "%s%s%s", copy->as, slash, path);
    snprintf(copy->current, sizeof copy->current, "%s", copy->path);
    return 0;
}

static const char *name_of(const struct copy *copy, const struct entry *entry)
{
    return *entry->path == '\0' ? copy->as : entry->name;
}

/* A directory that is copied into itself would have no end. */
static int note_first(struct copy *copy)
{
    struct stat stat;
    if (copy->made_inode != 0) return 0;
    if (fstat(destination_here(&copy->to), &stat) < 0) return -1;
    copy->made_device = stat.st_dev;
    copy->made_inode = stat.st_ino;
    return 0;
}

static int copy_directory(struct copy *copy, const struct entry *entry, const struct making *making)
{
    if (entry->stat.st_dev == copy->made_device && entry->stat.st_ino == copy->made_inode)
        return fail_with(ELOOP);
    const char *name = name_of(copy, entry);
    if (*name != '\0' && destination_enter(&copy->to, name, making, false) < 0) return -1;
    if (note_first(copy) < 0) return -1;
    if (entry->stat.st_dev != copy->device && is_of_the_kernel(entry->fd))
        return destination_leave(&copy->to) < 0 ? -1 : VISIT_SKIP;
    return VISIT_ENTER;
}

static int copy_file(struct copy *copy, const struct entry *entry, struct making *making, int content)
{
    struct stat stat;
    const char *name = name_of(copy, entry);
    if (fstat(content, &stat) < 0 || destination_begin_file(&copy->to, name, making->stat.st_mode) < 0)
        return -1;
    if (copy_content(content, copy->to.file, &stat, progress_bytes) < 0)
        return destination_abandon_file(&copy->to, name), -1;
    return destination_end_file(&copy->to, name, making);
}

static int copy_node(struct copy *copy, const struct entry *entry, struct making *making)
{
    char target[PATH_MAX];
    if (S_ISLNK(entry->stat.st_mode)) {
        ssize_t length = readlinkat(entry->fd, "", target, sizeof target - 1);
        if (length < 0) return -1;
        target[length] = '\0';
        making->target = target;
    }
    return destination_node(&copy->to, name_of(copy, entry), making);
}

/* 1: it is another name of what was copied already. */
static int copy_link(struct copy *copy, const struct entry *entry)
{
    if (entry->stat.st_nlink < 2) return 0;
    const char *first = first_name(&copy->links, &entry->stat, copy->path);
    if (first == NULL) return errno == ENOMEM ? -1 : 0;
    return destination_link(&copy->to, name_of(copy, entry), first);
}

static int copy_entry(struct copy *copy, const struct entry *entry)
{
    mode_t type = entry->stat.st_mode & S_IFMT;
    struct making making = {.stat = entry->stat};
    if (progress_entry() < 0) return -1;
    if (type != S_IFDIR) {
        int linked = copy_link(copy, entry);
        if (linked != 0) return linked < 0 ? -1 : VISIT_SKIP;
    }
    owned_fd content = type == S_IFREG ? open_entry(entry) : -1;
    if (type == S_IFREG && content < 0) return -1;
    if (read_attributes(&copy->attributes, content < 0 ? entry->fd : content) < 0 ||
        owners_translate(&copy->owners, &making, &copy->attributes) < 0)
        return -1;
    if (type == S_IFDIR) return copy_directory(copy, entry, &making);
    return type == S_IFREG ? copy_file(copy, entry, &making, content) : copy_node(copy, entry, &making);
}

static int visit(void *context, const struct entry *entry)
{
    struct copy *copy = context;
    if (S_ISSOCK(entry->stat.st_mode) && !copy->exact) return progress_socket(), VISIT_SKIP;
    if (*entry->path == '\0') {
        copy->device = entry->stat.st_dev;
        if (*copy->as == '\0' && !S_ISDIR(entry->stat.st_mode)) return fail_with(ENOTDIR);
    }
    return set_path(copy, entry->path) < 0 ? -1 : copy_entry(copy, entry);
}

static int leave(void *context, const struct entry *entry)
{
    struct copy *copy = context;
    if (*name_of(copy, entry) == '\0') return 0;
    if (set_path(copy, entry->path) < 0) return -1;
    return destination_leave(&copy->to);
}

/* The last part of a path; that of the root has none. */
static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int read_word(struct copy *copy, const char *word)
{
    if (strcmp(word, "follow") == 0)
        copy->follow = true;
    else if (strcmp(word, "progress") == 0)
        copy->progress = true;
    else if (strcmp(word, "sync") == 0)
        copy->sync = true;
    else if (strcmp(word, "exact") == 0)
        copy->exact = copy->attributes.all = true;
    else if (strncmp(word, "as=", 3) == 0)
        copy->as = strcmp(word + 3, ".") == 0 ? "" : word + 3;
    else
        return owners_take(&copy->owners, word) == 1 ? 0 : -1;
    return 0;
}

static int read_words(struct copy *copy, char **word)
{
    for (; *word != NULL; word++) {
        if (read_word(copy, *word) < 0) return -1;
    }
    return 0;
}

static int copy_between(struct copy *copy, char **argument)
{
    owned_fd from = open_root(argument[1]);
    owned_fd to = from < 0 ? -1 : open_root(argument[3]);
    if (to < 0) return -1;
    owned_fd top = root_open(from, argument[2], copy->follow);
    if (top < 0) return failed(STAGE_COPY, argument[2]);
    int directory = root_open(to, argument[4], true);
    if (directory < 0 || destination_open(&copy->to, directory) < 0 || owners_act(&copy->owners) < 0)
        return failed(STAGE_COPY_TO, argument[4]);
    copy->to.exact = copy->exact;
    const struct visitor visitor = {.context = copy, .visit = visit, .leave = leave};
    if (walk_tree(top, &visitor) < 0) return failed(STAGE_COPY_ENTRY, copy->current);
    return copy->sync && syncfs(copy->to.top) < 0 ? failed(STAGE_COPY_TO, argument[4]) : 0;
}

int copy_main(int argc, char **argv)
{
    struct copy copy = {.to = {.top = -1, .file = -1}};
    if (argc < 5 || (copy.as = last_name(argv[2]), read_words(&copy, argv + 5)) < 0) {
        fputs("usage: copy ROOT PATH TO-ROOT TO-PATH [follow] [as=NAME] [from=MAP]... [to=MAP]... "
              "[owner=U:G] [exact] [sync] [progress]\n",
              stderr);
        return 2;
    }
    umask(0);
    progress_begin(copy.progress);
    int result = copy_between(&copy, argv);
    destination_close(&copy.to);
    free_owners(&copy.owners);
    free_links(&copy.links);
    free_attributes(&copy.attributes);
    free(copy.path);
    if (result == 0) return progress_end(copy.to.left_out), 0;
    report_noted_failure();
    return 1;
}
