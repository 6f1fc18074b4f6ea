/* swap A B [C D]...: exchanges pairs of names again and again until it is killed: the attacker's half of a race. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, 9);
    if (argc < 3 || argc % 2 == 0) return 2;
    puts("swapping");
    fflush(stdout);
    for (;;) {
        for (int i = 1; i < argc; i += 2) {
            if (renameat2(AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1], RENAME_EXCHANGE) == 0) continue;
            perror("renameat2");
            return 1;
        }
    }
}
