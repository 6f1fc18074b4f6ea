/* The container's command: found in its PATH, then executed. */
#pragma once

struct command {
    char **args, **env;      /* NULL-terminated */
    const char **candidates; /* paths that exist, in PATH's order */
    int error;               /* what is told when none of them can be executed */
};

/*
 * Looks args[0] up as execvp(3) would, for whom this process is by now. Separate from executing it because a system
 * call filter may forbid to look. -1 with a noted failure when there is nothing of that name.
 */
int command_find(struct command *command, const char *path);

/* Returns only a noted failure. Makes no other system call than execve. */
int command_execute(const struct command *command);
