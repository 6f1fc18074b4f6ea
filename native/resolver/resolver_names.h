/*
 * Names and addresses of the containers on a resolver's networks: RUN/names/networks/<network>/<id>. In memory is only
 * an index, two bytes for each name and address and 44 for each file: a match is looked up in the file itself.
 */
#pragma once

#include "resolver/resolver_config.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NAMES_FILES_MAX 4096
#define NAMES_KEYS_MAX 65536
#define NAMES_FOUND_MAX 256 /* addresses in one answer */
#define NAMES_NO_DIRECTORY 255
#define NAMES_PATH_SIZE (sizeof "networks//" + CONFIG_ID_MAX + 64)

/* A file of an indexed network, by its name: a container's id of 64 hex digits. */
struct names_file {
    uint8_t id[32];
    uint32_t inode; /* its lower half */
    uint32_t first_key;
    uint8_t directory;
    bool seen; /* when the directory was read last */
};

/* A directory as it was when it was read. */
struct names_directory {
    char id[CONFIG_ID_MAX];
    bool settled; /* had not changed for long enough that a later change shows in its time */
    dev_t device; /* 0, as the inode: there was no directory */
    ino_t inode;
    struct timespec modified;
};

/* Zeroed to begin with. Pages that nothing needs are never touched. */
struct names_index {
    int root; /* the directory of names */
    unsigned directory_count, file_count, key_count;
    struct names_directory directories[CONFIG_NETWORKS_MAX];
    struct names_file files[NAMES_FILES_MAX + 1];
    uint16_t keys[NAMES_KEYS_MAX];
    char entries[4096] __attribute__((aligned(8))); /* of a directory that is being read */
};

struct names_address {
    uint8_t size; /* 4 or 16 */
    uint8_t bytes[16];
};

struct names_found {
    unsigned count;
    struct names_address addresses[NAMES_FOUND_MAX];
};

/* A hash of a name or of an address's bytes: what is wrongly taken for a match costs one look (FNV-1a, folded). */
uint16_t names_key(const void *data, size_t size);

/* Reads an address; false: it is none. */
bool names_parse_address(const char *text, struct names_address *address);

/* The name of a container's file. */
void names_format_id(const uint8_t id[32], char text[65]);

/* Makes the index what the directories of the networks say now; looks at one time for each when nothing has changed. */
void names_refresh(struct names_index *index, const struct resolver_config *config);

/* The addresses of all that have this name on the first network where somebody has. False: nobody has it. */
bool names_find(const struct names_index *index, const char *name, struct names_found *found);

/* The name that an address leads back to. */
bool names_reverse(const struct names_index *index, const struct names_address *address,
                   char name[DNS_TEXT_MAX]);
