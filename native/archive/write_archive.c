#include "archive/write_archive.h"

#include "archive/kernel_files.h"
#include "archive/layers.h"
#include "base/util.h"
#include "base/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name that ends in a slash stands in front of others as it is; that of a directory gets its slash later. */
static int set_path(struct archive *archive, const char *path)
{
    size_t length = strlen(archive->as);
    size_t needed = length + strlen(path) + 2;
    if (needed > archive->path_room) {
        char *grown = realloc(archive->path, needed * 2);
        if (grown == NULL) return -1;
        archive->path = grown;
        archive->path_room = needed * 2;
    }
    bool slashed = length > 0 && archive->as[length - 1] == '/';
    if (*path == '\0')
        sprintf(archive->path, "%.*s", (int)length - slashed, archive->as);
    else
        sprintf(archive->path, "%s%s%s", archive->as, length == 0 || slashed ? "" : "/", path);
    if (length == 0 && *path == '\0') strcpy(archive->path, ".");
    snprintf(archive->current, sizeof archive->current, "%s", path);
    return 0;
}

/* No engine unpacks a layer in which a name, the slash behind that of a directory included, is longer than a path. */
static bool fits_layer(const char *path, mode_t mode)
{
    return strlen(path) + (S_ISDIR(mode) ? 1 : 0) < PATH_MAX;
}

/* An empty file whose name says what lower layers have and this one has not. */
static int put_mark(struct archive *archive, const char *path)
{
    if (!fits_layer(path, S_IFREG)) return fail_with(ENAMETOOLONG);
    const struct tar_entry mark = {.path = path, .type = '0', .stat = {.st_mode = S_IFREG | 0600}};
    return tar_put(&archive->tar, &mark);
}

static int put_whiteout(struct archive *archive, const struct entry *entry)
{
    char path[PATH_MAX + NAME_MAX];
    int directory = (int)(strlen(entry->path) - strlen(entry->name));
    if (snprintf(path, sizeof path, "%.*s.wh.%s", directory, entry->path, entry->name) >= (int)sizeof path)
        return fail_with(ENAMETOOLONG);
    return put_mark(archive, path);
}

static int put_directory(struct archive *archive, struct tar_entry *out, const struct entry *entry)
{
    out->type = '5';
    if (tar_put(&archive->tar, out) < 0) return -1;
    if (entry->stat.st_dev != archive->device && is_of_the_kernel(entry->fd)) return VISIT_SKIP;
    if (!archive->layer || !is_opaque(entry->fd)) return VISIT_ENTER;
    char path[PATH_MAX + NAME_MAX];
    if (snprintf(path, sizeof path, "%s%s.wh..wh..opq", entry->path, *entry->path == '\0' ? "" : "/") >=
        (int)sizeof path)
        return fail_with(ENAMETOOLONG);
    return put_mark(archive, path) < 0 ? -1 : VISIT_ENTER;
}

static int put_symlink(struct archive *archive, struct tar_entry *out, const struct entry *entry)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(entry->fd, "", target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = '\0';
    out->type = '2';
    out->target = target;
    return tar_put(&archive->tar, out);
}

static int put_file(struct archive *archive, struct tar_entry *out, int content)
{
    struct stat now;
    if (fstat(content, &now) < 0) return -1;
    out->stat.st_size = now.st_size;
    out->stat.st_blocks = now.st_blocks;
    out->type = '0';
    return tar_put_file(&archive->tar, out, content);
}

static int put_device(struct archive *archive, struct tar_entry *out)
{
    out->type = S_ISCHR(out->stat.st_mode) ? '3' : '4';
    return tar_put(&archive->tar, out);
}

/* 1: it is another name of what the archive has already. */
static int put_link(struct archive *archive, struct tar_entry *out)
{
    if (out->stat.st_nlink < 2) return 0;
    out->target = first_name(&archive->links, &out->stat, archive->path);
    if (out->target == NULL) return errno == ENOMEM ? -1 : 0;
    out->type = '1';
    out->attribute_count = 0;
    return tar_put(&archive->tar, out) < 0 ? -1 : 1;
}

static int put_entry(struct archive *archive, const struct entry *entry)
{
    mode_t type = entry->stat.st_mode & S_IFMT;
    if (type == S_IFSOCK) return VISIT_SKIP;
    if (archive->layer && is_gone_below(&entry->stat)) return put_whiteout(archive, entry);
    if (archive->layer && strncmp(entry->name, ".wh.", 4) == 0) return fail_with(EILSEQ);
    if (archive->layer && !fits_layer(archive->path, type)) return fail_with(ENAMETOOLONG);
    struct making owned = {.stat = entry->stat};
    owned_fd content = type == S_IFREG ? open_entry(entry) : -1;
    if (type == S_IFREG && content < 0) return -1;
    if (read_attributes(&archive->attributes, content < 0 ? entry->fd : content) < 0 ||
        owners_translate(&archive->owners, &owned, &archive->attributes) < 0)
        return -1;
    if (archive->layer && archive->attributes.elsewhere) return fail_with(EREMOTE);
    struct tar_entry out = {.path = archive->path,
                            .stat = owned.stat,
                            .attributes = owned.attributes,
                            .attribute_count = owned.attribute_count};
    if (type == S_IFDIR) return put_directory(archive, &out, entry);
    int linked = put_link(archive, &out);
    if (linked != 0) return linked < 0 ? -1 : VISIT_SKIP;
    if (type == S_IFREG) return put_file(archive, &out, content);
    if (type == S_IFLNK) return put_symlink(archive, &out, entry);
    if (type == S_IFCHR || type == S_IFBLK) return put_device(archive, &out);
    out.type = '6';
    return tar_put(&archive->tar, &out);
}

static int visit(void *context, const struct entry *entry)
{
    struct archive *archive = context;
    if (*entry->path == '\0') archive->device = entry->stat.st_dev;
    return set_path(archive, entry->path) < 0 ? -1 : put_entry(archive, entry);
}

int write_archive(struct archive *archive, int top, int out, struct sha256 *hash)
{
    const struct visitor visitor = {.context = archive, .visit = visit};
    if (tar_begin(&archive->tar, out, hash) < 0) return -1;
    int result = walk_tree(top, &visitor);
    return tar_end(&archive->tar, result == 0) < 0 ? -1 : result;
}

void free_archive(struct archive *archive)
{
    free_links(&archive->links);
    free_attributes(&archive->attributes);
    free_owners(&archive->owners);
    free(archive->path);
}
