/* Paths of a layer's entries, and what TypeScript is told about them. */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "layer/apply.h"

/* Tells TypeScript something about the layer: two NUL-terminated fields on standard output. */
void note(const char *kind, const char *path)
{
    struct iovec fields[] = {
        {.iov_base = (char *)kind, .iov_len = strlen(kind) + 1},
        {.iov_base = (char *)path, .iov_len = strlen(path) + 1},
    };
    /* A reader that is gone is about to end us; a pipe takes so little in one piece. */
    if (writev(STDOUT_FILENO, fields, 2) == -1) return;
}

/* The last part of a path, and how long what stands before it is. The root's own name is ".". */
const char *split_path(const char *path, size_t *parent_length)
{
    const char *slash = strrchr(path, '/');
    *parent_length = slash == NULL ? 0 : (size_t)(slash - path);
    if (*path == '\0') return ".";
    return slash == NULL ? path : slash + 1;
}

/* Finds where a directory of the layer lies, free of symlinks, with `name` appended unless it is NULL. */
bool canonical_path(const struct layer *layer, int dir, const char *name, char path[PATH_MAX])
{
    char link[64], full[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    ssize_t length = readlink(link, full, sizeof full - 1);
    size_t root = strlen(layer->root_path);
    if (length < 0 || (size_t)length < root || memcmp(full, layer->root_path, root) != 0) return false;
    full[length] = '\0';
    const char *relative = full + root;
    while (*relative == '/')
        relative++;
    const char *slash = *relative == '\0' || name == NULL ? "" : "/";
    return snprintf(path, PATH_MAX, "%s%s%s", relative, slash, name == NULL ? "" : name) < PATH_MAX;
}
