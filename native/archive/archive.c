/*
 * The verb `archive ROOT PATH WORD...`: writes what lies at PATH as tar to standard output. WORDs:
 *   follow     a link at the end of PATH is followed
 *   as=NAME    the name that it gets there; `.`: what is in the directory, without a name in front; `./`, `/`: with just
 *              that in front
 *   layer      the tree is what a container has changed: whiteouts and opaque directories as image layers have them;
 *              EILSEQ for a name that would be read as a whiteout, ENAMETOOLONG for one that no layer can have, EREMOTE
 *              for what overlay keeps elsewhere
 *   digest     instead of the archive its sha256, in hexadecimal, and its size in bytes are printed
 *   from=MAP   an id map (`u:INSIDE:OUTSIDE:COUNT`, `g:...`) through which ROOT is seen: owners are those inside
 * File systems of the kernel (procfs and the like) appear as empty directories; sockets do not.
 */
#include "archive/root.h"
#include "archive/write_archive.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <stdio.h>
#include <string.h>

/* The last part of a path; that of the root has none. */
static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

struct asked {
    bool follow, digest;
};

static int read_words(struct archive *archive, struct asked *asked, char **word)
{
    for (; *word != NULL; word++) {
        if (strcmp(*word, "follow") == 0)
            asked->follow = true;
        else if (strcmp(*word, "digest") == 0)
            asked->digest = true;
        else if (strcmp(*word, "layer") == 0)
            archive->layer = true;
        else if (strncmp(*word, "as=", 3) == 0)
            archive->as = strcmp(*word + 3, ".") == 0 ? "" : *word + 3;
        else if (owners_take(&archive->owners, *word) != 1)
            return -1;
    }
    return 0;
}

static int print_digest(struct archive *archive, int top)
{
    struct sha256 hash;
    uint8_t digest[SHA256_SIZE];
    char text[SHA256_TEXT];
    sha256_begin(&hash);
    if (write_archive(archive, top, -1, &hash) < 0) return -1;
    sha256_end(&hash, digest);
    sha256_text(digest, text);
    printf("%s %llu\n", text, (unsigned long long)archive->tar.written);
    return fflush(stdout) == 0 ? 0 : -1;
}

static int archive_at(struct archive *archive, char **argument, const struct asked *asked)
{
    owned_fd root = open_root(argument[1]);
    if (root < 0) return -1;
    owned_fd top = root_open(root, argument[2], asked->follow);
    if (top < 0) return failed(STAGE_ARCHIVE, argument[2]);
    int result =
        asked->digest ? print_digest(archive, top) : write_archive(archive, top, STDOUT_FILENO, NULL);
    return result < 0 ? failed(STAGE_ARCHIVE, archive->current) : 0;
}

int archive_main(int argc, char **argv)
{
    struct asked asked = {0};
    struct archive archive = {0};
    if (argc < 3 || (archive.as = last_name(argv[2]), read_words(&archive, &asked, argv + 3)) < 0) {
        fputs("usage: archive ROOT PATH [follow] [layer] [digest] [as=NAME] [from=MAP]...\n", stderr);
        return 2;
    }
    int result = archive_at(&archive, argv, &asked);
    free_archive(&archive);
    if (result == 0) return 0;
    report_noted_failure();
    return 1;
}
