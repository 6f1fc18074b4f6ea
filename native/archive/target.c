#include "archive/target.h"

#include "base/kernel.h"
#include "base/util.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* As many as the kernel follows. */
#define LINKS_MAX 40

struct way {
    int root;
    uid_t uid;
    gid_t gid;
    struct target *target;
    char ahead[2 * PATH_MAX]; /* what is still to be gone */
    int links;
};

static int open_at(int root, const char *path, int flags)
{
    return k_openat2(root, *path == '\0' ? "." : path, flags | O_NOFOLLOW, 0,
                     K_RESOLVE_IN_ROOT | K_RESOLVE_NO_SYMLINKS | K_RESOLVE_NO_MAGICLINKS);
}

int open_target(int root, const struct target *target)
{
    return open_at(root, target->path, O_PATH | O_DIRECTORY);
}

/* Takes the next part of a path off it; false: there is none. */
static int next_part(char *ahead, char name[NAME_MAX + 1])
{
    char *start = ahead + strspn(ahead, "/");
    size_t length = strcspn(start, "/");
    if (length > NAME_MAX) return fail_with(ENAMETOOLONG);
    memcpy(name, start, length);
    name[length] = '\0';
    memmove(ahead, start + length, strlen(start + length) + 1);
    return length > 0;
}

static bool is_last(const char *ahead)
{
    return ahead[strspn(ahead, "/")] == '\0';
}

static void go_up(char *path)
{
    char *slash = strrchr(path, '/');
    *(slash == NULL ? path : slash) = '\0';
}

static int join(char path[PATH_MAX], const char *directory, const char *name)
{
    int length = snprintf(path, PATH_MAX, "%s%s%s", directory, *directory == '\0' ? "" : "/", name);
    return length < PATH_MAX ? 0 : fail_with(ENAMETOOLONG);
}

/* What a link leads to comes before what is still ahead. */
static int follow(struct way *way, int link)
{
    char text[PATH_MAX], rest[2 * PATH_MAX];
    if (++way->links > LINKS_MAX) return fail_with(ELOOP);
    ssize_t length = readlinkat(link, "", text, sizeof text - 1);
    if (length < 0) return -1;
    text[length] = '\0';
    if (*text == '/') *way->target->path = '\0';
    strcpy(rest, way->ahead);
    int whole = snprintf(way->ahead, sizeof way->ahead, "%s/%s", text, rest);
    return whole < (int)sizeof way->ahead ? 0 : fail_with(ENAMETOOLONG);
}

static int make_directory(const struct way *way, const char *name)
{
    owned_fd above = open_target(way->root, way->target);
    if (above < 0 || mkdirat(above, name, 0755) < 0) return -1;
    return fchownat(above, name, way->uid, way->gid, AT_SYMLINK_NOFOLLOW);
}

/* One part of the path. 1: its end is found. */
static int step(struct way *way, const char *name, bool whole)
{
    struct stat stat;
    char path[PATH_MAX];
    bool last = is_last(way->ahead);
    if (join(path, way->target->path, name) < 0) return -1;
    owned_fd found = open_at(way->root, path, O_PATH);
    if (found < 0 && errno != ENOENT) return -1;
    if (found >= 0 && fstat(found, &stat) < 0) return -1;
    if (found >= 0 && S_ISLNK(stat.st_mode)) return follow(way, found);
    if ((found < 0 || !S_ISDIR(stat.st_mode)) && last && !whole) return strcpy(way->target->name, name), 1;
    if (found >= 0 && !S_ISDIR(stat.st_mode)) return fail_with(ENOTDIR);
    if (found < 0 && make_directory(way, name) < 0) return -1;
    strcpy(way->target->path, path);
    return 0;
}

int make_target(int root, const char *path, bool whole, uid_t uid, gid_t gid, struct target *target)
{
    struct way way = {.root = root, .uid = uid, .gid = gid, .target = target};
    char name[NAME_MAX + 1];
    int more;
    *target = (struct target){0};
    if (strlen(path) >= PATH_MAX) return fail_with(ENAMETOOLONG);
    strcpy(way.ahead, path);
    while ((more = next_part(way.ahead, name)) == 1) {
        if (strcmp(name, ".") == 0) continue;
        if (strcmp(name, "..") == 0) {
            go_up(target->path);
            continue;
        }
        int end = step(&way, name, whole);
        if (end != 0) return end < 0 ? -1 : 0;
    }
    return more;
}
