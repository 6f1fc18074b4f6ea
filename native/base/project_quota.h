/*
 * Project quotas (quotactl_fd(2)): a project is a number that files have, and the file system counts and limits what all
 * files of one take. A directory that hands its project down gives it to whatever is made in it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum quota_support {
    QUOTA_ENFORCED,
    QUOTA_NOT_OF_FILE_SYSTEM, /* it has no project quotas, or was mounted without */
    QUOTA_NOT_OF_KERNEL       /* older than Linux 5.14, or built without quotas */
};

/* Whether limits of projects hold on the file system of a directory. */
enum quota_support quota_support(int dir);

/*
 * Makes the directories, all of one file system and empty, a project of their own: the first number from `first` on that
 * no file has. What is then made in them takes at most `bytes`. Whoever calls it for this file system meanwhile waits.
 * Returns the number, -1 with errno and the failure noted: EDQUOT when not even the directories fit.
 */
int64_t quota_claim(uint32_t first, uint64_t bytes, char *const *directories, size_t count);

/* Sets the limit of the project that a directory hands down. -1 with errno, ENODATA when it hands down none. */
int quota_limit(const char *directory, uint64_t bytes);

/* Takes the limit away from the project that a directory hands down. One that is missing, or hands down none, is fine. */
int quota_release(const char *directory);
