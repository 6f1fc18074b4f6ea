#include "init/command.h"

#include "base/report.h"
#include "base/util.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static unsigned count_entries(const char *path)
{
    unsigned count = 1;
    for (; *path != '\0'; path++)
        count += *path == ':';
    return count;
}

/* A directory that may not be searched is remembered, as execvp(3) does. */
static int search(struct command *command, const char *path)
{
    unsigned found = 0;
    for (const char *at = path; at != NULL; at = *at == ':' ? at + 1 : NULL) {
        char file[PATH_MAX];
        struct stat entry;
        int length = (int)strcspn(at, ":");
        bool fits = snprintf(file, sizeof file, "%.*s/%s", length, at, command->args[0]) < (int)sizeof file;
        at += length;
        /* A relative directory would make the command depend on the working directory. */
        if (!fits || file[0] != '/' || length == 0) continue;
        if (stat(file, &entry) < 0) {
            if (errno == EACCES) command->error = EACCES;
            continue;
        }
        if ((command->candidates[found++] = strdup(file)) == NULL) return -1;
    }
    return found > 0 ? 0 : fail_with(command->error);
}

static int find(struct command *command, const char *path)
{
    const char *name = command->args[0];
    struct stat entry;
    if (*name == '\0') return fail_with(ENOENT);
    command->candidates = calloc(count_entries(path) + 1, sizeof *command->candidates);
    if (command->candidates == NULL) return -1;
    if (strchr(name, '/') == NULL) return search(command, path);
    command->candidates[0] = name;
    return stat(name, &entry);
}

int command_find(struct command *command, const char *path)
{
    command->error = ENOENT;
    return find(command, path != NULL ? path : "") < 0 ? failed(STAGE_EXEC, command->args[0]) : 0;
}

/*
 * Executes the command, each file in turn: one that may not be executed makes room for the next, any other failure is
 * told at once.
 */
int command_execute(const struct command *command)
{
    int error = command->error;
    for (const char **file = command->candidates; *file != NULL; file++) {
        execve(*file, command->args, command->env);
        /* The file is there: what is missing is what interprets it. */
        if (errno == ENOENT) return failed(STAGE_EXEC_INTERPRETER, *file);
        if (errno != EACCES) return failed(STAGE_EXEC, command->args[0]);
        error = EACCES;
    }
    errno = error;
    return failed(STAGE_EXEC, command->args[0]);
}
