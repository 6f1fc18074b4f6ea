/* The view of a layer on top of those below it, and the rights that are left for writing it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/apply.h"

/* Layers are named by descriptors: their paths may hold colons and commas, and there is one page for all of them. */
static int append_layer(char *options, size_t size, const char *separator, const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (fd == -1) return -1;
    size_t used = strlen(options);
    int written = snprintf(options + used, size - used, "%s/proc/self/fd/%d", separator, fd);
    if (written < 0 || (size_t)written >= size - used) {
        errno = E2BIG;
        return -1;
    }
    return 0;
}

/*
 * Mounts an overlay of DIR on the lower layers in a mount namespace that ends with this process, and makes it the
 * root of what follows. `work` is an empty directory on the same file system. metacopy, redirects and the index are
 * off: the directory must be readable as a plain lower layer afterwards.
 */
int mount_overlay(struct layer *layer, const char *work, int lower_count, char **lowers)
{
    char options[4096] = "metacopy=off,redirect_dir=off,index=off,lowerdir=", target[PATH_MAX],
         inner[PATH_MAX];
    /* First of all: overlay takes no directory that was opened in another mount namespace. */
    if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1) return -1;
    for (int i = 0; i < lower_count; i++)
        if (append_layer(options, sizeof options, i == 0 ? "" : ":", lowers[i]) == -1) return -1;
    if (snprintf(target, sizeof target, "%s/merged", work) >= PATH_MAX ||
        snprintf(inner, sizeof inner, "%s/work", work) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (mkdir(target, 0700) == -1 || mkdir(inner, 0700) == -1) return -1;
    if (append_layer(options, sizeof options, ",upperdir=", layer->root_path) == -1 ||
        append_layer(options, sizeof options, ",workdir=", inner) == -1)
        return -1;
    if (mount("overlay", target, "overlay", MS_NODEV | MS_NOSUID | MS_NOEXEC, options) == -1) return -1;
    layer->root = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    layer->merged = true;
    return layer->root == -1 || realpath(target, layer->root_path) == NULL ? -1 : 0;
}

/*
 * Keeps the capabilities that writing other people's files takes, and no more. CAP_SYS_ADMIN stays for trusted
 * attributes, which any entry may need; nothing is ever executed from here.
 */
int keep_needed_capabilities(void)
{
    static const int needed[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER,   CAP_FSETID,
                                 CAP_MKNOD, CAP_SETFCAP,      CAP_SYS_ADMIN};
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || syscall(SYS_capget, &header, data) == -1) return -1;
    uint32_t keep[2] = {0, 0};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        keep[needed[i] / 32] |= 1u << (needed[i] % 32);
    for (int i = 0; i < 2; i++) {
        data[i].permitted &= keep[i];
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    return (int)syscall(SYS_capset, &header, data);
}
