#include "forwarder/forwarder_ports.h"

#include "base/plan.h"
#include "base/util.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Every port of every protocol, several times. */
#define FILE_MAX (16 << 20)

/* The shortest record: `port` `5` `tcp` `::` `1` `` ``, each with its end. */
#define RECORD_LEAST 18

static const struct {
    const char *name;
    int number;
} protocols[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP}};

socklen_t address_size(const union address *address)
{
    return address->family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

bool address_equals(const union address *one, const union address *other)
{
    if (one->family != other->family) return false;
    if (one->family == AF_INET)
        return one->v4.sin_port == other->v4.sin_port && one->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr;
    return one->v6.sin6_port == other->v6.sin6_port && one->v6.sin6_scope_id == other->v6.sin6_scope_id &&
           memcmp(&one->v6.sin6_addr, &other->v6.sin6_addr, sizeof one->v6.sin6_addr) == 0;
}

static int parse_address(const char *text, const char *port, union address *address)
{
    uint64_t number;
    if (parse_unsigned(port, 10, &number) < 0 || number < 1 || number > UINT16_MAX) return fail_with(EINVAL);
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons((uint16_t)number);
    } else if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons((uint16_t)number);
    } else {
        return fail_with(EINVAL);
    }
    return 0;
}

static int parse_protocol(const char *name, int *protocol)
{
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (strcmp(protocols[i].name, name) != 0) continue;
        *protocol = protocols[i].number;
        return 0;
    }
    return fail_with(EINVAL);
}

static int parse_port(const char *const arg[5], struct port *port)
{
    *port = (struct port){.container.family = AF_UNSPEC};
    if (parse_protocol(arg[0], &port->protocol) < 0 || parse_address(arg[1], arg[2], &port->host) < 0)
        return -1;
    if (*arg[3] == '\0' && *arg[4] == '\0') return 0;
    /* Its messages and its several streams are no stream of bytes. */
    if (port->protocol == IPPROTO_SCTP) return fail_with(EINVAL);
    return parse_address(arg[3], arg[4], &port->container);
}

/* The next `count` fields, of which the file must have that many; returns what follows them. */
static const char *take_fields(const char *at, const char *end, const char **fields, int count)
{
    for (int i = 0; i < count; i++) {
        if (at == end) return NULL;
        fields[i] = at;
        at = next_field(at);
    }
    return at;
}

static int parse(struct port_list *list, const char *at, const char *end)
{
    const char *field[7];
    at = take_fields(at, end, field, 3);
    if (at == NULL || strcmp(field[0], "skiff-ports") != 0 || strcmp(field[1], "1") != 0 ||
        strcmp(field[2], "1") != 0)
        return fail_with(EINVAL);
    list->ports = calloc((size_t)(end - at) / RECORD_LEAST + 1, sizeof *list->ports);
    if (list->ports == NULL) return -1;
    while (at != end) {
        at = take_fields(at, end, field, 7);
        if (at == NULL || strcmp(field[0], "port") != 0 || strcmp(field[1], "5") != 0)
            return fail_with(EINVAL);
        if (parse_port(field + 2, &list->ports[list->count++]) < 0) return -1;
    }
    return 0;
}

/* The file is replaced, never changed: it is what it was when its size was asked. */
static char *read_file(const char *path, size_t *size)
{
    struct stat stat;
    owned_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) < 0) return NULL;
    if (stat.st_size < 1 || stat.st_size > FILE_MAX) {
        errno = EINVAL;
        return NULL;
    }
    *size = (size_t)stat.st_size;
    char *text = malloc(*size);
    if (text != NULL && pread(fd, text, *size, 0) == stat.st_size && text[*size - 1] == '\0') return text;
    free(text);
    errno = EINVAL;
    return NULL;
}

int port_list_read(struct port_list *list, const char *path)
{
    size_t size;
    *list = (struct port_list){0};
    char *text = read_file(path, &size);
    if (text == NULL) return -1;
    int result = parse(list, text, text + size);
    free(text);
    if (result < 0) port_list_free(list);
    return result;
}

void port_list_free(struct port_list *list)
{
    int saved = errno;
    free(list->ports);
    *list = (struct port_list){0};
    errno = saved;
}

void port_name(const struct port *port, char *name, size_t size)
{
    char address[INET6_ADDRSTRLEN] = "";
    const char *protocol = "";
    const void *bytes = port->host.family == AF_INET6 ? (const void *)&port->host.v6.sin6_addr
                                                      : (const void *)&port->host.v4.sin_addr;
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (protocols[i].number == port->protocol) protocol = protocols[i].name;
    }
    inet_ntop(port->host.family, bytes, address, sizeof address);
    snprintf(name, size, "%s %s %u", protocol, address, ntohs(port->host.v4.sin_port)); /* as in v6 */
}
