/*
 * A label that is written below a /proc of the container's could go to a file that the image put there, and the
 * command would run under none (CVE-2019-19921, CVE-2025-52881). So the file is opened before anything of the container
 * is mounted, and only within a procfs.
 */
#include "confine/lsm.h"

#include "base/kernel.h"
#include "base/report.h"
#include "base/util.h"

#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

static const struct module {
    const char *name, *attribute, *request;
} modules[] = {
    {"apparmor", "self/attr/apparmor/exec", "exec "},
    {"selinux", "self/attr/exec", ""},
};

#define MODULES (sizeof modules / sizeof *modules)

static struct {
    const char *value; /* NULL: none asked for */
    int fd;
} labels[MODULES];

static int open_attribute(const char *path)
{
    struct statfs filesystem;
    owned_fd proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0 || fstatfs(proc, &filesystem) < 0) return -1;
    if (filesystem.f_type != PROC_SUPER_MAGIC) return fail_with(EXDEV);
    return k_openat2(proc, path, O_WRONLY, 0, K_RESOLVE_NO_XDEV | K_RESOLVE_NO_MAGICLINKS);
}

static int prepare(const char *name, const char *value)
{
    for (size_t i = 0; i < MODULES; i++) {
        if (strcmp(modules[i].name, name) != 0) continue;
        labels[i].value = value;
        labels[i].fd = open_attribute(modules[i].attribute);
        return labels[i].fd < 0 ? -1 : 0;
    }
    return fail_with(EINVAL);
}

int lsm_prepare(const struct plan *plan)
{
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op != OP_LABEL) continue;
        if (prepare(record.arg[0], record.arg[1]) < 0) return failed(STAGE_LABEL, record.arg[1]);
    }
    return 0;
}

int lsm_apply(void)
{
    for (size_t i = 0; i < MODULES; i++) {
        char text[4096];
        if (labels[i].value == NULL) continue;
        int length = snprintf(text, sizeof text, "%s%s", modules[i].request, labels[i].value);
        if (length >= (int)sizeof text) return fail_with(ENAMETOOLONG), failed(STAGE_LABEL, labels[i].value);
        if (write(labels[i].fd, text, (size_t)length) != length) return failed(STAGE_LABEL, labels[i].value);
        close(labels[i].fd);
    }
    return 0;
}
