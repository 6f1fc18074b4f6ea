/*
 * The verb `gather ROOT TO-ROOT DESTINATION WORD...`: copies what standard input says (archive/sources.h) from one tree to
 * another, which nobody else writes to. Links of the destination lead within TO-ROOT. What is in a directory is merged with
 * the destination; a file goes into it, if it is a directory, or takes its place. WORDs:
 *   into        the destination is a directory: it is made, if it is not there
 *   parents     directories that are there stay as they are
 *   owner=U:G   all belongs to these, the directories that are made on the way, too
 *   mode=MODE   of all that is no link, as chmod(1) takes it
 *   time=SECONDS  of all that is copied; without it times stay
 *   progress    as of `copy`
 * Prints what `copy` does, and `digest SHA256`: that of what was copied, as `digest` tells.
 */
#include "archive/destination.h"
#include "archive/progress.h"
#include "archive/root.h"
#include "archive/sources.h"
#include "archive/target.h"
#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"
#include "layer/copy_content.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct gather {
    struct sources sources;
    struct destination to;
    struct target target;
    int root; /* TO-ROOT */
    const char *path;
    bool into, parents, progress;
};

/* The destination becomes a directory, or is one. */
static int use_directory(struct gather *gather)
{
    const struct owners *owners = &gather->sources.owners;
    if (*gather->target.name == '\0') return 0;
    if (make_target(gather->root, gather->path, true, owners->uid, owners->gid, &gather->target) < 0)
        return -1;
    destination_close(&gather->to);
    int directory = open_target(gather->root, &gather->target);
    return directory < 0 || destination_open(&gather->to, directory) < 0 ? -1 : 0;
}

static int begin(void *context, const struct source *source)
{
    struct gather *gather = context;
    bool fits = source->is_directory || *gather->target.name == '\0' || gather->sources.count == 1;
    int result = !fits ? fail_with(ENOTDIR) : source->is_directory ? use_directory(gather) : 0;
    return result < 0 ? failed(STAGE_COPY_TO, gather->path) : 0;
}

static const char *name_of(const struct gather *gather, const struct taken *taken)
{
    if (taken->source->is_directory) return taken->entry->name;
    return *gather->target.name == '\0' ? taken->source->name : gather->target.name;
}

/* A directory of the stage may be a link to one: /lib often is. */
static int enter_by_link(struct gather *gather, const struct taken *taken)
{
    struct stat stat;
    char path[2 * PATH_MAX];
    int here = destination_here(&gather->to);
    if (fstatat(here, taken->entry->name, &stat, AT_SYMLINK_NOFOLLOW) < 0) return -1;
    if (!S_ISLNK(stat.st_mode)) return fail_with(ENOTDIR);
    snprintf(path, sizeof path, "%s/%s", gather->target.path, taken->entry->path);
    int fd =
        k_openat2(gather->root, path, O_RDONLY | O_DIRECTORY, 0, K_RESOLVE_IN_ROOT | K_RESOLVE_NO_MAGICLINKS);
    if (fd < 0) return errno == ENOENT || errno == ELOOP ? fail_with(ENOTDIR) : -1;
    return destination_enter_opened(&gather->to, fd, gather->parents ? NULL : taken->making);
}

static int make_directory(struct gather *gather, const struct taken *taken)
{
    int result = destination_enter(&gather->to, taken->entry->name, taken->making, gather->parents);
    return result < 0 && errno == ENOTDIR ? enter_by_link(gather, taken) : result;
}

/* The content is hashed as it was copied, whatever happens to its source meanwhile: `content` is the copy. */
static int make_file(struct gather *gather, const struct taken *taken, int *content)
{
    struct stat stat;
    const char *name = name_of(gather, taken);
    if (fstat(taken->content, &stat) < 0 ||
        destination_begin_file(&gather->to, name, taken->making->stat.st_mode) < 0)
        return -1;
    *content = fcntl(gather->to.file, F_DUPFD_CLOEXEC, 3);
    if (*content < 0 || copy_content(taken->content, gather->to.file, &stat, progress_bytes) < 0)
        return destination_abandon_file(&gather->to, name), -1;
    return destination_end_file(&gather->to, name, taken->making);
}

static int take(void *context, const struct taken *taken, int *content)
{
    struct gather *gather = context;
    mode_t type = taken->making->stat.st_mode & S_IFMT;
    if (progress_entry() < 0) return -1;
    if (type == S_IFDIR) return make_directory(gather, taken);
    if (taken->first_name != NULL) {
        int linked = destination_link(&gather->to, name_of(gather, taken), taken->first_name);
        if (linked != 0) return linked < 0 ? -1 : 0;
    }
    if (type == S_IFREG) return make_file(gather, taken, content);
    return destination_node(&gather->to, name_of(gather, taken), taken->making);
}

static int leave(void *context, const struct entry *entry)
{
    struct gather *gather = context;
    (void)entry;
    return destination_leave(&gather->to);
}

static int open_destination(struct gather *gather)
{
    const struct owners *owners = &gather->sources.owners;
    if (make_target(gather->root, gather->path, gather->into, owners->uid, owners->gid, &gather->target) < 0)
        return -1;
    int directory = open_target(gather->root, &gather->target);
    return directory < 0 ? -1 : destination_open(&gather->to, directory);
}

static int gather_into(struct gather *gather, char **argument)
{
    const struct taker taker = {.context = gather, .begin = begin, .take = take, .leave = leave};
    owned_fd from = open_root(argument[1]);
    owned_fd to = from < 0 ? -1 : open_root(argument[2]);
    if (to < 0) return -1;
    gather->sources.root = from;
    gather->root = to;
    gather->path = argument[3];
    if (sources_read(&gather->sources) < 0) return failed(STAGE_SOURCE, "");
    if (open_destination(gather) < 0) return failed(STAGE_COPY_TO, gather->path);
    if (sources_walk(&gather->sources, &taker) < 0) return failed(STAGE_COPY_ENTRY, gather->sources.current);
    return 0;
}

static int read_words(struct gather *gather, char **word)
{
    for (; *word != NULL; word++) {
        if (strcmp(*word, "into") == 0)
            gather->into = true;
        else if (strcmp(*word, "parents") == 0)
            gather->parents = true;
        else if (strcmp(*word, "progress") == 0)
            gather->progress = true;
        else if (sources_take_word(&gather->sources, *word) != 1)
            return -1;
    }
    return 0;
}

int gather_main(int argc, char **argv)
{
    static struct gather gather;
    char digest[SHA256_TEXT];
    gather.to = (struct destination){.top = -1, .file = -1};
    if (argc < 4 || read_words(&gather, argv + 4) < 0) {
        fputs("usage: gather ROOT TO-ROOT DESTINATION [into] [parents] [owner=U:G] [mode=MODE] "
              "[time=SECONDS] [progress]\n",
              stderr);
        return 2;
    }
    umask(0);
    progress_begin(gather.progress);
    int result = gather_into(&gather, argv);
    if (result == 0) {
        sources_digest(&gather.sources, digest);
        progress_end(gather.to.left_out);
        dprintf(STDOUT_FILENO, "digest %s\n", digest);
    }
    destination_close(&gather.to);
    sources_free(&gather.sources);
    if (result == 0) return 0;
    report_noted_failure();
    return 1;
}
