#pragma once

/*
 * Makes sure that this process runs from something that no container can write, executing itself again when it does
 * not. Returns 0 when it is so already, -1 with a noted failure.
 */
int run_sealed(char **argv);

/* A copy of this program in memory, to be executed. -1 with errno. */
int sealed_copy(void);
