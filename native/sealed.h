#pragma once

/*
 * Makes sure that this process runs from something that no container can write, executing itself again when it does
 * not. Returns 0 when it is so already, -1 with a noted failure.
 */
int run_sealed(char **argv);
