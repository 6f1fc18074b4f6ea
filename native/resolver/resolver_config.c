#include "resolver/resolver_config.h"

#include "base/util.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>

int lines_open(struct lines *lines, int directory, const char *path)
{
    lines->ended = false;
    lines->at = lines->end = 0;
    lines->fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return lines->fd < 0 ? -1 : 0;
}

void lines_close(struct lines *lines)
{
    close_fd(&lines->fd);
}

/* Moves what is left of the buffer to its front, and reads on; false: it is full already, with a part of one line. */
static bool fill(struct lines *lines)
{
    lines->end -= lines->at;
    memmove(lines->buffer, lines->buffer + lines->at, lines->end);
    lines->at = 0;
    size_t room = sizeof lines->buffer - 1 - lines->end;
    if (room == 0) return false;
    ssize_t n = read(lines->fd, lines->buffer + lines->end, room);
    /* Of a regular file less than was asked for is all that there is. */
    lines->ended = n < (ssize_t)room;
    lines->end += n > 0 ? (size_t)n : 0;
    return true;
}

char *lines_next(struct lines *lines)
{
    bool skipping = false;
    for (;;) {
        char *line = lines->buffer + lines->at;
        char *newline = memchr(line, '\n', lines->end - lines->at);
        if (newline == NULL && lines->ended) {
            if (skipping || lines->at == lines->end) return NULL;
            newline = lines->buffer + lines->end++;
        }
        if (newline != NULL) {
            *newline = '\0';
            lines->at = (size_t)(newline - lines->buffer) + 1;
            if (!skipping) return line;
            skipping = false;
        } else if (!fill(lines)) {
            skipping = true;
            lines->at = lines->end;
        }
    }
}

char *line_value(char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

/* An id becomes a part of a path. */
static void add_network(struct resolver_config *config, const char *id)
{
    size_t length = strlen(id);
    if (config->network_count == CONFIG_NETWORKS_MAX || length == 0 || length >= CONFIG_ID_MAX ||
        id[0] == '.' || strchr(id, '/') != NULL)
        return;
    memcpy(config->networks[config->network_count++], id, length + 1);
}

/* A link-local address has the number of its interface after a `%`. */
static void add_upstream(struct resolver_config *config, char *text)
{
    uint64_t interface = 0;
    if (config->upstream_count == CONFIG_UPSTREAMS_MAX) return;
    union server_address *server = &config->upstreams[config->upstream_count];
    memset(server, 0, sizeof *server);
    if (inet_pton(AF_INET, text, &server->v4.sin_addr) == 1) {
        server->v4.sin_family = AF_INET;
        server->v4.sin_port = htons(53);
        config->upstream_count++;
        return;
    }
    char *scope = strchr(text, '%');
    if (scope != NULL) {
        *scope++ = '\0';
        if (parse_unsigned(scope, 10, &interface) < 0 || interface > UINT32_MAX) return;
    }
    if (inet_pton(AF_INET6, text, &server->v6.sin6_addr) != 1) return;
    server->v6.sin6_family = AF_INET6;
    server->v6.sin6_port = htons(53);
    server->v6.sin6_scope_id = (uint32_t)interface;
    config->upstream_count++;
}

static void take_alias(struct resolver_config *config, char *value, const char *name)
{
    char *other = strchr(value, ' ');
    if (name == NULL || other == NULL || config->alias[0] != '\0') return;
    *other++ = '\0';
    if (strcmp(value, name) == 0 && strlen(other) < sizeof config->alias) strcpy(config->alias, other);
}

static void take_line(struct resolver_config *config, char *line, const char *name)
{
    char *value;
    if ((value = line_value(line, "network")) != NULL)
        add_network(config, value);
    else if ((value = line_value(line, "upstream")) != NULL)
        add_upstream(config, value);
    else if ((value = line_value(line, "alias")) != NULL)
        take_alias(config, value, name);
    else if ((value = line_value(line, "forward")) != NULL)
        config->forward = strcmp(value, "host") == 0        ? FORWARD_HOST
                          : strcmp(value, "container") == 0 ? FORWARD_CONTAINER
                                                            : FORWARD_NONE;
}

int resolver_config_read(int names, const char *path, const char *name, struct resolver_config *config)
{
    struct lines lines;
    config->network_count = config->upstream_count = 0;
    config->forward = FORWARD_NONE;
    config->alias[0] = '\0';
    if (lines_open(&lines, names, path) < 0) return -1;
    for (char *line; (line = lines_next(&lines)) != NULL;)
        take_line(config, line, name);
    lines_close(&lines);
    return 0;
}
