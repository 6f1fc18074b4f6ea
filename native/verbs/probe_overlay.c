/*
 * The verb `probe-overlay DIR`: whether an overlay can be mounted whose upper directory is on the file system of DIR, which
 * is empty, and whether layers can be kept there in overlay's words. Exit status 0 says yes, 1 with a record at stage
 * `layer-overlay` no; EPERM: this process may not mount anything. What is in DIR afterwards is of no use.
 */
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Relative paths: those of a store may hold colons and commas. */
static int mount_overlay(void)
{
    static const char *const names[] = {"lower", "upper", "work", "merged"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (mkdir(names[i], 0700) < 0) return -1;
    }
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return -1;
    return mount("overlay", "merged", "overlay", MS_NODEV | MS_NOSUID | MS_NOEXEC,
                 "metacopy=off,index=off,lowerdir=lower,upperdir=upper,workdir=work");
}

/* What layers that overlay understands are made of. */
static int make_marks(void)
{
    struct stat stat;
    char value;
    bool made = mknod("lower/gone", S_IFCHR, makedev(0, 0)) == 0 && lstat("lower/gone", &stat) == 0 &&
                S_ISCHR(stat.st_mode) && stat.st_rdev == makedev(0, 0) &&
                setxattr("lower", "trusted.overlay.opaque", "y", 1, 0) == 0 &&
                getxattr("lower", "trusted.overlay.opaque", &value, 1) == 1;
    return made ? 0 : fail_with(EOPNOTSUPP);
}

int probe_overlay_main(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] != '/') {
        fputs("usage: probe-overlay /DIR\n", stderr);
        return 2;
    }
    if (chdir(argv[1]) == 0 && mount_overlay() == 0 && make_marks() == 0) return 0;
    failed(STAGE_LAYER_OVERLAY, argv[1]);
    report_noted_failure();
    return 1;
}
