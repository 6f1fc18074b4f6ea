#include "confine/seccomp.h"

#include "base/report.h"
#include "base/util.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct sock_fprog program;

/* Mapped, not copied: all monitors of a machine share the file's pages. */
static int map_program(const char *path)
{
    owned_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) < 0) return -1;
    if (!S_ISREG(stat.st_mode) || stat.st_size == 0 || stat.st_size % (off_t)sizeof *program.filter != 0 ||
        stat.st_size / (off_t)sizeof *program.filter > BPF_MAXINSNS)
        return fail_with(EINVAL);
    if (!is_ours_alone(&stat)) return fail_with(EPERM);
    program.filter = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (program.filter == MAP_FAILED) return -1;
    program.len = (unsigned short)((size_t)stat.st_size / sizeof *program.filter);
    return 0;
}

int seccomp_load(const struct plan *plan)
{
    if (plan->seccomp == NULL) return 0;
    return map_program(plan->seccomp) < 0 ? failed(STAGE_SECCOMP, plan->seccomp) : 0;
}

static int read_flags(const char *words, unsigned *flags)
{
    char word[32];
    *flags = 0;
    while (*words != '\0') {
        if ((words = next_word(words, word, sizeof word)) == NULL) return fail_with(EINVAL);
        if (strcmp(word, "log") == 0)
            *flags |= SECCOMP_FILTER_FLAG_LOG;
        else if (strcmp(word, "spec-allow") == 0)
            *flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
        else
            return fail_with(EINVAL);
    }
    return 0;
}

int seccomp_install(const struct plan *plan)
{
    unsigned flags;
    if (plan->seccomp == NULL) return 0;
    if (read_flags(plan->seccomp_flags, &flags) < 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0)
        return failed(STAGE_SECCOMP, plan->seccomp);
    return 0;
}
