/* Of files with several names, the one that was met first. */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

struct known_link;

struct known_links {
    struct known_link *slots; /* open addressing */
    size_t size, used;
};

/* The path that `stat`'s inode was met by before, or NULL, and then it is remembered as `path`. NULL with errno ENOMEM. */
const char *first_name(struct known_links *links, const struct stat *stat, const char *path);
void free_links(struct known_links *links);
