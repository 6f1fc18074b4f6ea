/* Owners on their way from one user namespace to another, and the attributes that name some: file capabilities, ACLs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct id_map {
    char kind; /* u or g */
    uint32_t inside, outside, count;
};

struct id_maps {
    struct id_map *maps;
    size_t count;
};

/* Where what is outside is seen from, and where it goes: without maps ids are the host's. */
struct id_way {
    struct id_maps from, to;
};

/* The largest attribute that Linux takes, and what its translation may need more. */
#define ATTRIBUTE_MAX 65536
#define ATTRIBUTE_MORE 32

/* Adds one that is written `u:INSIDE:OUTSIDE:COUNT`. -1 with EINVAL. */
int add_id_map(struct id_maps *maps, const char *text);

/* An owner who is nobody in `from` is the kernel's nobody (65534). -1 with EOVERFLOW for one that `to` does not have. */
int translate_id(const struct id_way *way, char kind, uint32_t id, uint32_t *translated);

/*
 * Translates the ids in an attribute's value in place, which has room for ATTRIBUTE_MORE bytes more; others stay as they
 * are. -1 with errno, EOVERFLOW as above.
 */
int translate_attribute(const struct id_way *way, const char *name, char *value, ssize_t *size);

/* Whether ids or attributes differ at all. */
bool changes_ids(const struct id_way *way);
