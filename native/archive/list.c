/*
 * The verb `list ROOT`: reads paths of directories from standard input, each ended by NUL, and answers each with its entries
 * as fields ended by NUL, in no order: `dNAME`, a directory; `lNAME` and another field with its target, a link; `oNAME`,
 * anything else; in the end an empty field. For what is no directory, or is reached by a link, that is `-` and an empty
 * field. File systems of the kernel are empty. It ends with its input.
 */
#include "archive/kernel_files.h"
#include "archive/root.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* As what readdir(3) calls it; DT_UNKNOWN: it has gone meanwhile. */
static unsigned char type_of(int directory, const struct dirent *found)
{
    struct stat stat;
    if (found->d_type != DT_UNKNOWN) return found->d_type;
    if (fstatat(directory, found->d_name, &stat, AT_SYMLINK_NOFOLLOW) < 0) return DT_UNKNOWN;
    return S_ISDIR(stat.st_mode) ? DT_DIR : S_ISLNK(stat.st_mode) ? DT_LNK : DT_REG;
}

static int print_field(const char *text)
{
    return fwrite(text, strlen(text) + 1, 1, stdout) == 1 ? 0 : -1;
}

static int print_entry(int directory, const struct dirent *found)
{
    char target[PATH_MAX];
    unsigned char type = type_of(directory, found);
    if (type == DT_UNKNOWN) return 0;
    if (type != DT_LNK) return putchar(type == DT_DIR ? 'd' : 'o') < 0 ? -1 : print_field(found->d_name);
    ssize_t length = readlinkat(directory, found->d_name, target, sizeof target - 1);
    if (length < 0) return errno == ENOENT || errno == EINVAL ? 0 : -1;
    target[length] = '\0';
    return putchar('l') < 0 || print_field(found->d_name) < 0 ? -1 : print_field(target);
}

static int print_entries(DIR *scan)
{
    const struct dirent *found;
    while ((errno = 0, found = readdir(scan)) != NULL) {
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0) continue;
        if (print_entry(dirfd(scan), found) < 0) return -1;
    }
    return errno == 0 ? 0 : -1;
}

static bool is_no_directory(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

static int list_directory(int root, dev_t device, const char *path)
{
    struct stat stat;
    int fd = k_openat2(root, *path == '\0' ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                       K_RESOLVE_IN_ROOT | K_RESOLVE_NO_SYMLINKS | K_RESOLVE_NO_MAGICLINKS);
    if (fd < 0) return is_no_directory(errno) && print_field("-") == 0 ? print_field("") : -1;
    DIR *scan = fdopendir(fd);
    if (scan == NULL) return close_fd(&fd), -1;
    int result = fstat(fd, &stat);
    if (result == 0 && (stat.st_dev == device || !is_of_the_kernel(fd))) result = print_entries(scan);
    int saved = errno;
    closedir(scan);
    errno = saved;
    return result < 0 ? -1 : print_field("");
}

/* One character; what was answered is sent before we wait for more. EOF at the end, -2 with errno. */
static int read_character(void)
{
    static char buffer[1 << 16];
    static ssize_t length, at;
    if (at < length) return (unsigned char)buffer[at++];
    if (fflush(stdout) != 0) return -2;
    at = 0;
    length = read(STDIN_FILENO, buffer, sizeof buffer);
    if (length < 0) return -2;
    return length == 0 ? EOF : (unsigned char)buffer[at++];
}

/* 1: there is one, 0: it was the last. -1 with errno. */
static int read_path(char path[PATH_MAX])
{
    size_t length = 0;
    int character;
    *path = '\0';
    while ((character = read_character()) > 0) {
        if (length == PATH_MAX - 1) return fail_with(ENAMETOOLONG);
        path[length++] = (char)character;
        path[length] = '\0';
    }
    if (character == -2) return -1;
    return character == EOF ? (length == 0 ? 0 : fail_with(EBADMSG)) : 1;
}

static int list(const char *text)
{
    struct stat stat;
    char path[PATH_MAX];
    int more;
    owned_fd root = open_root(text);
    if (root < 0) return -1;
    if (fstat(root, &stat) < 0) return failed(STAGE_SOURCE, text);
    while ((more = read_path(path)) == 1) {
        if (list_directory(root, stat.st_dev, path) < 0) return failed(STAGE_SOURCE, path);
    }
    return more < 0 ? failed(STAGE_SOURCE, path) : 0;
}

int list_main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: list ROOT\n", stderr);
        return 2;
    }
    if (list(argv[1]) == 0) return 0;
    report_noted_failure();
    return 1;
}
