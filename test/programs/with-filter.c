/* with-filter FILE COMMAND...: executes a command under a compiled seccomp program. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static struct sock_filter program[BPF_MAXINSNS];
    FILE *file = argc > 2 ? fopen(argv[1], "re") : NULL;
    if (file == NULL)
        return 1;
    struct sock_fprog loaded = {
        .len = (unsigned short)fread(program, sizeof *program, BPF_MAXINSNS, file),
        .filter = program,
    };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &loaded) < 0) {
        perror("with-filter");
        return 1;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 1;
}
