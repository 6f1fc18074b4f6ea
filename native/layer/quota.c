/*
 * The verb `quota check DIR`, `quota claim FIRST BYTES DIR...` and `quota release DIR`: see base/project_quota.h. `check`
 * ends with 3 where the file system has no project quotas that are enforced, with 4 where the kernel has none.
 */
#include "base/project_quota.h"
#include "base/report.h"
#include "base/util.h"
#include "base/verbs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int check(const char *directory)
{
    owned_fd dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return failed(STAGE_QUOTA, directory);
    switch (quota_support(dir)) {
    case QUOTA_ENFORCED:
        return 0;
    case QUOTA_NOT_OF_FILE_SYSTEM:
        return 3;
    default:
        return 4;
    }
}

static int claim(int argc, char **argv)
{
    uint64_t first, bytes;
    if (parse_unsigned(argv[2], 10, &first) < 0 || first > UINT32_MAX) return failed(STAGE_QUOTA, argv[2]);
    if (parse_unsigned(argv[3], 10, &bytes) < 0) return failed(STAGE_QUOTA, argv[3]);
    int64_t project = quota_claim((uint32_t)first, bytes, argv + 4, (size_t)argc - 4);
    if (project < 0) return -1;
    printf("%" PRId64 "\n", project);
    return 0;
}

int quota_main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    int result;
    if (strcmp(what, "check") == 0 && argc == 3)
        result = check(argv[2]);
    else if (strcmp(what, "claim") == 0 && argc > 4)
        result = claim(argc, argv);
    else if (strcmp(what, "release") == 0 && argc == 3)
        result = quota_release(argv[2]);
    else {
        fputs("usage: quota check DIR, quota claim FIRST BYTES DIR..., quota release DIR\n", stderr);
        return 2;
    }
    if (result < 0) report_noted_failure();
    return result < 0 ? 1 : result;
}
