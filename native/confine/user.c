#include "confine/user.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The files come from the image. */
#define FILE_MAX (16 << 20)
#define ID_MAX 2147483647

struct text {
    char *data; /* NULL: no such file */
};

static void free_text(struct text *text)
{
    free(text->data);
}

/*
 * A missing file is fine. A FIFO, or a symlink out of the root, does not make us wait or look elsewhere. -1 with errno:
 * there is one that cannot be read, which only matters to who asks for a name of it (runc takes it so as well).
 */
static int load(const struct rootfs *rootfs, const char *path, struct text *text)
{
    int root = rootfs->root >= 0 ? rootfs->root : AT_FDCWD;
    owned_fd fd = k_openat2(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
                            rootfs->root >= 0 ? K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS : 0);
    text->data = NULL;
    if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    struct stat stat;
    if (fstat(fd, &stat) < 0) return -1;
    if (!S_ISREG(stat.st_mode)) return 0;
    if (stat.st_size > FILE_MAX) return fail_with(EFBIG);
    text->data = malloc((size_t)stat.st_size + 1);
    if (text->data == NULL) return -1;
    ssize_t n = pread(fd, text->data, (size_t)stat.st_size, 0);
    text->data[n < 0 ? 0 : n] = '\0';
    return n < 0 ? -1 : 0;
}

/* Splits the next line at its colons into exactly `count` fields, missing ones empty; false at the end. */
static bool next_entry(char **rest, char *fields[], int count)
{
    char *line = strsep(rest, "\n");
    if (line == NULL) return false;
    for (int i = 0; i < count; i++) {
        char *field = strsep(&line, ":");
        fields[i] = field != NULL ? field : "";
    }
    return true;
}

static bool parse_id(const char *text, uid_t *id)
{
    int64_t number;
    if (parse_number(text, 10, &number) < 0 || number < 0 || number > ID_MAX) return false;
    *id = (uid_t)number;
    return true;
}

/* Finds the user; `name` becomes the listed name, or stays empty. False: a name that is not listed. */
static bool find_user(struct text *passwd, const char *wanted, struct identity *identity, char *name,
                      size_t size)
{
    uid_t number = 0, uid;
    gid_t gid;
    bool numeric = parse_id(wanted, &number);
    char *fields[6], *rest = passwd->data;
    while (next_entry(&rest, fields, 6)) {
        if (!parse_id(fields[2], &uid) || !parse_id(fields[3], &gid)) continue;
        if (numeric ? uid != number : strcmp(fields[0], wanted) != 0) continue;
        identity->uid = uid;
        identity->gid = gid;
        snprintf(name, size, "%s", fields[0]);
        if (fields[5][0] != '\0') snprintf(identity->home, sizeof identity->home, "%s", fields[5]);
        return true;
    }
    identity->uid = number;
    return numeric;
}

/* Finds a group; false: a name that is not listed. A number need not be. */
static bool find_group(struct text *group, const char *wanted, gid_t *found)
{
    char *fields[4], *rest = group->data;
    if (parse_id(wanted, found)) return true;
    while (next_entry(&rest, fields, 4)) {
        if (strcmp(fields[0], wanted) == 0 && parse_id(fields[2], found)) return true;
    }
    return false;
}

/* Each once. False: there is no room. */
static bool add(struct identity *identity, gid_t gid)
{
    for (size_t i = 0; i < identity->group_count; i++) {
        if (identity->groups[i] == gid) return true;
    }
    if (identity->group_count == GROUPS_MAX) return false;
    identity->groups[identity->group_count++] = gid;
    return true;
}

static bool lists(char *members, const char *name)
{
    for (char *member; (member = strsep(&members, ",")) != NULL;) {
        if (strcmp(member, name) == 0) return true;
    }
    return false;
}

static void add_memberships(struct text *group, const char *name, struct identity *identity)
{
    gid_t gid;
    char *fields[4], *rest = group->data;
    while (next_entry(&rest, fields, 4)) {
        if (parse_id(fields[2], &gid) && lists(fields[3], name)) add(identity, gid);
    }
}

/* The file in which a name was to be looked up cannot be read; both are told. */
static int failed_to_read(enum stage stage, int error, const char *file, const char *name)
{
    char detail[1024];
    snprintf(detail, sizeof detail, "%s %s", file, name);
    errno = error;
    return failed(stage, detail);
}

int find_identity(const struct rootfs *rootfs, const char *user, struct identity *identity)
{
    *identity = (struct identity){.home = "/"};
    char wanted[512], name[256] = "";
    if (snprintf(wanted, sizeof wanted, "%s", user) >= (int)sizeof wanted) {
        errno = EINVAL;
        return failed(STAGE_USER, user);
    }
    char *group_name = strchr(wanted, ':');
    if (group_name != NULL) *group_name++ = '\0';
    owned(free_text) struct text passwd = {0}, group = {0};
    int unread = load(rootfs, "/etc/passwd", &passwd) < 0 ? errno : 0;
    if (!find_user(&passwd, *wanted != '\0' ? wanted : "0", identity, name, sizeof name)) {
        if (unread != 0) return failed_to_read(STAGE_USER, unread, "/etc/passwd", wanted);
        return fail_with(ENOENT), failed(STAGE_USER, wanted);
    }
    unread = load(rootfs, "/etc/group", &group) < 0 ? errno : 0;
    bool explicit_group = group_name != NULL && *group_name != '\0';
    if (explicit_group && !find_group(&group, group_name, &identity->gid)) {
        if (unread != 0) return failed_to_read(STAGE_GROUP, unread, "/etc/group", group_name);
        return fail_with(ENOENT), failed(STAGE_GROUP, group_name);
    }
    identity->groups[identity->group_count++] = identity->gid;
    if (!explicit_group && *name != '\0') add_memberships(&group, name, identity);
    return 0;
}

int add_group(const struct rootfs *rootfs, const char *name, struct identity *identity)
{
    owned(free_text) struct text group = {0};
    gid_t gid;
    if (!parse_id(name, &gid)) {
        if (load(rootfs, "/etc/group", &group) < 0)
            return failed_to_read(STAGE_GROUP, errno, "/etc/group", name);
        if (!find_group(&group, name, &gid)) return fail_with(ENOENT), failed(STAGE_GROUP, name);
    }
    return add(identity, gid) ? 0 : (fail_with(E2BIG), failed(STAGE_GROUP, name));
}
