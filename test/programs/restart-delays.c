/*
 * What a restart policy makes of runs: restart-delays POLICY MAXIMUM CODE:LASTED_MS... prints after each run how many ms
 * are waited before the next one, -1: there is none.
 */
#include "monitor/restart.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc < 3 || restart_set(argv[1], argv[2]) < 0) return 2;
    for (int i = 3; i < argc; i++) {
        struct ended_run run = {0};
        long long lasted;
        if (sscanf(argv[i], "%d:%lld", &run.code, &lasted) != 2) return 2;
        run.lasted_ms = lasted;
        printf("%lld\n", (long long)restart_delay(&run));
    }
    return 0;
}
