/*
 * The verb `digest ROOT [known=FILE] [owner=U:G] [mode=MODE]`: prints the sha256, in hexadecimal, of what standard input says that is to
 * be taken (archive/sources.h), as it would be then, the number of entries, and the bytes in files.
 */
#include "archive/root.h"
#include "archive/sources.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <stdio.h>
#include <string.h>

static int take(void *context, const struct taken *taken, int *content)
{
    (void)context, (void)taken, (void)content;
    return 0;
}

static int print_digest(struct sources *sources, const char *root)
{
    const struct taker taker = {.take = take};
    char text[SHA256_TEXT];
    owned_fd opened = open_root(root);
    if (opened < 0) return -1;
    sources->root = opened;
    if (sources_read(sources) < 0) return failed(STAGE_SOURCE, "");
    if (sources_walk(sources, &taker) < 0) return failed(STAGE_SOURCE, sources->current);
    known_files_save(&sources->known);
    sources_digest(sources, text);
    printf("%s %llu %llu\n", text, (unsigned long long)sources->entries, (unsigned long long)sources->bytes);
    return fflush(stdout) == 0 ? 0 : failed(STAGE_SOURCE, "");
}

int digest_main(int argc, char **argv)
{
    static struct sources sources;
    bool right = argc >= 2;
    const char *known = argc > 2 && strncmp(argv[2], "known=", 6) == 0 ? argv[2] + 6 : NULL;
    for (int i = known == NULL ? 2 : 3; i < argc; i++)
        right = right && sources_take_word(&sources, argv[i]) == 1;
    if (!right) {
        fputs("usage: digest ROOT [known=FILE] [owner=U:G] [mode=MODE]\n", stderr);
        return 2;
    }
    if (known != NULL) known_files_open(&sources.known, known);
    int result = print_digest(&sources, argv[1]);
    sources_free(&sources);
    if (result == 0) return 0;
    report_noted_failure();
    return 1;
}
