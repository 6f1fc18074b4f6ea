/*
 * What a step of a build takes from a tree, as standard input says: for each source its PATH, which has no links, the NAME
 * that it gets, and `all`, `file` (no directory: EISDIR) or `only`; after `only` what is taken below it, in the order of a walk, and an empty field. Every
 * field ends with NUL. Sockets are left out; what is not there any more is not taken.
 */
#pragma once

#include "archive/attributes.h"
#include "archive/known_files.h"
#include "archive/links.h"
#include "archive/owners.h"
#include "base/sha256.h"
#include "base/walk.h"

#include <limits.h>
#include <stdbool.h>

struct source {
    const char *path, *name;
    bool only, is_file, is_directory;
};

/* An entry as it is to be. */
struct taken {
    const struct source *source;
    const struct entry *entry; /* below the source */
    const struct making *making;
    int content;            /* of a regular file, open */
    const char *first_name; /* that a hard link is another name of, below the source, or NULL */
};

struct taker {
    void *context;
    /* The source itself, when it is a directory; only what is in it is taken. NULL: nobody wants to know. */
    int (*begin)(void *context, const struct source *source);
    /* An entry, a directory before what is in it. Stores where the content can be read as it was taken. */
    int (*take)(void *context, const struct taken *taken, int *content);
    /* A directory after what is in it, but for the source itself; fd -1: it was moved away meanwhile. */
    int (*leave)(void *context, const struct entry *entry);
};

struct sources {
    int root; /* the tree, O_PATH */
    struct owners owners;
    const char *mode; /* of all that is no link, as chmod(1) takes it; NULL: it stays */
    bool has_time;    /* all gets `time`, in seconds; else times stay */
    int64_t time;
    char *text; /* of standard input */
    size_t size, at, count;
    struct attributes attributes;
    struct known_links links;
    struct sha256 hash;
    struct known_files known; /* what need not be read; for who takes nothing but the digest */
    uint64_t entries, bytes;
    char current[PATH_MAX]; /* for the report of a failure */
};

/* Takes a word `owner=U:G`, `mode=MODE` or `time=SECONDS`. False for any other; -1 for one that is none. */
int sources_take_word(struct sources *sources, const char *word);

/* Reads standard input to its end. -1 with errno. */
int sources_read(struct sources *sources);

/*
 * Walks all sources, and hashes what `taker` takes. -1 with errno: ELOOP, a link has taken the place of something on the way
 * to a source.
 */
int sources_walk(struct sources *sources, const struct taker *taker);

/* The digest of all that was taken: kinds, names, modes, owners, targets, attributes and content; not times. */
void sources_digest(struct sources *sources, char text[SHA256_TEXT]);

void sources_free(struct sources *sources);
