/* What one container's resolver may say and whom it may ask: RUN/names/containers/<id> (ARCHITECTURE.md, "Names"). */
#pragma once

#include "resolver/dns.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define CONFIG_NETWORKS_MAX 32
#define CONFIG_UPSTREAMS_MAX 8
#define CONFIG_ID_MAX 65

enum forward { FORWARD_NONE, FORWARD_HOST, FORWARD_CONTAINER };

union server_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct resolver_config {
    char networks[CONFIG_NETWORKS_MAX][CONFIG_ID_MAX];
    unsigned network_count;
    union server_address upstreams[CONFIG_UPSTREAMS_MAX];
    unsigned upstream_count;
    enum forward forward;
    char alias[DNS_TEXT_MAX]; /* what a question for the name is one for; empty: nothing else */
};

/*
 * Reads the file below the directory `names`; `name` is what was asked for, lower case, or NULL. Lines that are not
 * understood, and what is more than there is room for, are left out. -1 with errno when there is no file.
 */
int resolver_config_read(int names, const char *path, const char *name, struct resolver_config *config);

/* A file that is read line by line, whatever its size; lines that are longer than the buffer are left out. */
struct lines {
    int fd;
    bool ended;
    size_t at, end;
    char buffer[1024];
};

/* Opens a file to be read in lines, and closed by lines_close(). -1 with errno. */
int lines_open(struct lines *lines, int directory, const char *path);
void lines_close(struct lines *lines);

/* The next line, without its end; NULL when there is none. It may be changed, and holds until the next call. */
char *lines_next(struct lines *lines);

/* Returns what follows the word and a blank; NULL when the line does not begin so. */
char *line_value(char *line, const char *word);
