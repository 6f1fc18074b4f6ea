/* What the parts of the verb `shift` share: ids through maps, and everything of a file but its content. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct id_map {
    char kind; /* u or g */
    uint32_t inside, outside, count;
};

struct id_maps {
    struct id_map *maps;
    size_t count;
};

/* Reads `u:INSIDE:OUTSIDE:COUNT`. -1 with EINVAL. */
int read_id_map(const char *text, struct id_map *map);

/*
 * Gives `name` in the directory `to` the owner that `st` has once it is shifted, its mode, its attributes and times;
 * the source has the same name in `from`. The name "." stands for the directories themselves. -1 with errno, EOVERFLOW
 * for an owner outside of the maps.
 */
int shift_metadata(const struct id_maps *maps, int from, int to, const char *name, const struct stat *st);

/* Copies content by sharing blocks where the file system can, holes as holes. -1 with errno. */
int copy_content(int from, int to, off_t size);
