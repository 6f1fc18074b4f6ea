/*
 * What libseccomp makes of a profile. Built with -lseccomp.
 *   libseccomp names: for each name on standard input a line with its numbers on x86_64, x86, x32, aarch64 and arm
 *   libseccomp export: reads `default ACTION`, `arch NAME`, `only`, `rule ACTION NAME [INDEX OP A B]...` and writes the
 *   program; `only` takes the architecture of this machine out.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint32_t ARCHES[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM};

static void fail(const char *what, int code)
{
    fprintf(stderr, "%s: %s\n", what, strerror(-code));
    exit(1);
}

static int names(void)
{
    char name[256];
    while (scanf("%255s", name) == 1) {
        printf("%s", name);
        for (size_t i = 0; i < sizeof ARCHES / sizeof *ARCHES; i++)
            printf(" %d", seccomp_syscall_resolve_name_arch(ARCHES[i], name));
        printf("\n");
    }
    return 0;
}

static void add_rule(scmp_filter_ctx filter, char *text)
{
    struct scmp_arg_cmp args[6];
    unsigned count = 0;
    uint32_t action = (uint32_t)strtoul(strtok(text, " \n"), NULL, 0);
    char *name = strtok(NULL, " \n"), *index;
    while ((index = strtok(NULL, " \n")) != NULL && count < 6) {
        int op = atoi(strtok(NULL, " \n"));
        scmp_datum_t a = strtoull(strtok(NULL, " \n"), NULL, 0);
        scmp_datum_t b = strtoull(strtok(NULL, " \n"), NULL, 0);
        args[count++] = (struct scmp_arg_cmp){(unsigned)atoi(index), (enum scmp_compare)op, a, b};
    }
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR)
        return;
    int code = seccomp_rule_add_array(filter, action, number, count, args);
    if (code < 0)
        fail(name, code);
}

static int export(void)
{
    scmp_filter_ctx filter = NULL;
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        int code = 0;
        if (strncmp(line, "default ", 8) == 0) {
            filter = seccomp_init((uint32_t)strtoul(line + 8, NULL, 0));
        } else if (strncmp(line, "arch ", 5) == 0) {
            line[strcspn(line, "\n")] = 0;
            code = seccomp_arch_add(filter, seccomp_arch_resolve_name(line + 5));
        } else if (strncmp(line, "only", 4) == 0) {
            code = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
        } else if (strncmp(line, "rule ", 5) == 0) {
            add_rule(filter, line + 5);
        }
        if (code < 0 && code != -EEXIST)
            fail(line, code);
    }
    int code = seccomp_export_bpf(filter, STDOUT_FILENO);
    if (code < 0)
        fail("export", code);
    return 0;
}

int main(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], "names") == 0 ? names() : export();
}
