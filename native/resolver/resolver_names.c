#include "resolver/resolver_names.h"

#include "base/util.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

uint16_t names_key(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return (uint16_t)(hash ^ hash >> 16);
}

bool names_parse_address(const char *text, struct names_address *address)
{
    bool six = strchr(text, ':') != NULL;
    address->size = six ? 16 : 4;
    return inet_pton(six ? AF_INET6 : AF_INET, text, address->bytes) == 1;
}

/* Whether a file of this directory may have what the key is of. */
static bool has_key(const struct names_index *index, unsigned directory, unsigned file, uint16_t key)
{
    if (index->files[file].directory != directory) return false;
    for (unsigned i = index->files[file].first_key; i < index->files[file + 1].first_key; i++) {
        if (index->keys[i] == key) return true;
    }
    return false;
}

void names_format_id(const uint8_t id[32], char text[65])
{
    for (int i = 0; i < 64; i++)
        text[i] = "0123456789abcdef"[id[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    text[64] = '\0';
}

static int open_file(const struct names_index *index, unsigned directory, unsigned file, struct lines *lines)
{
    char path[NAMES_PATH_SIZE], id[65];
    names_format_id(index->files[file].id, id);
    snprintf(path, sizeof path, "networks/%s/%s", index->directories[directory].id, id);
    return lines_open(lines, index->root, path);
}

/* Adds the addresses of a file if it has the name. */
static bool add_addresses(struct lines *lines, const char *name, struct names_found *found)
{
    bool named = false;
    unsigned before = found->count;
    const char *value;
    for (char *line; (line = lines_next(lines)) != NULL;) {
        if ((value = line_value(line, "name")) != NULL)
            named = named || strcmp(value, name) == 0;
        else if ((value = line_value(line, "address")) != NULL && found->count < NAMES_FOUND_MAX &&
                 names_parse_address(value, &found->addresses[found->count]))
            found->count++;
    }
    if (!named) found->count = before;
    return named;
}

bool names_find(const struct names_index *index, const char *name, struct names_found *found)
{
    struct lines lines;
    uint16_t key = names_key(name, strlen(name));
    bool known = false;
    found->count = 0;
    for (unsigned d = 0; d < index->directory_count && !known; d++) {
        for (unsigned f = 0; f < index->file_count; f++) {
            if (!has_key(index, d, f, key) || open_file(index, d, f, &lines) < 0) continue;
            known = add_addresses(&lines, name, found) || known;
            lines_close(&lines);
        }
    }
    return known;
}

static bool leads_back(struct lines *lines, const struct names_address *address, char name[DNS_TEXT_MAX])
{
    struct names_address own;
    bool has = false;
    const char *value;
    name[0] = '\0';
    for (char *line; (line = lines_next(lines)) != NULL;) {
        if ((value = line_value(line, "reverse")) != NULL && strlen(value) < DNS_TEXT_MAX)
            strcpy(name, value);
        else if ((value = line_value(line, "address")) != NULL && names_parse_address(value, &own))
            has = has || (own.size == address->size && memcmp(own.bytes, address->bytes, own.size) == 0);
    }
    return has && name[0] != '\0';
}

bool names_reverse(const struct names_index *index, const struct names_address *address,
                   char name[DNS_TEXT_MAX])
{
    struct lines lines;
    uint16_t key = names_key(address->bytes, address->size);
    for (unsigned d = 0; d < index->directory_count; d++) {
        for (unsigned f = 0; f < index->file_count; f++) {
            if (!has_key(index, d, f, key) || open_file(index, d, f, &lines) < 0) continue;
            bool found = leads_back(&lines, address, name);
            lines_close(&lines);
            if (found) return true;
        }
    }
    return false;
}
