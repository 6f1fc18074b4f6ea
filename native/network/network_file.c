#include "network/network_file.h"

#include "base/util.h"

#include <limits.h>
#include <string.h>

static const struct record_kind ops[] = {
#define OP(constant, name, section, least, most) {name, NETWORK_##section, least, most},
#include "network_ops.def"
#undef OP
};

static const struct record_format format = {ops, OP_NETWORK_COUNT, STAGE_NETWORK};

static bool is_marker(unsigned op)
{
    return op == OP_HOST || op == OP_CONTAINER || op == OP_NETWORK_TEARDOWN;
}

/* A section is what was read of it so far. */
static void take_record(struct network_file *network, enum network_section section,
                        const struct record *record)
{
    if (is_marker(record->op)) network->records[section].start = record->end;
    network->records[section].end = record->end;
    if (record->op != OP_EVENT) return;
    network->network = record->arg[0];
    network->attributes = record->arg[1];
}

static int index_records(struct network_file *network)
{
    const struct fields *file = &network->file;
    enum network_section section = NETWORK_GENERAL;
    struct record record = {.end = file->data};
    while (record.end != file->end) {
        const char *at = record.end;
        if (record_read(file, &format, at, &record) < 0) return -1;
        if ((at == file->data) != (record.op == OP_NETWORK_HEADER)) return record_invalid(&format, at);
        if (record.op == OP_NETWORK_HEADER && strcmp(record.arg[0], "1") != 0)
            return record_invalid(&format, at);
        if (is_marker(record.op)) {
            if (ops[record.op].section <= section) return record_invalid(&format, at);
            section = ops[record.op].section;
        }
        if (!(ops[record.op].section & section)) return record_invalid(&format, at);
        take_record(network, section, &record);
    }
    return 0;
}

int network_file_open(struct network_file *network, const char *path)
{
    *network = (struct network_file){.file.fd = -1};
    if (fields_open(&network->file, &format, path) < 0) return -1;
    if (index_records(network) == 0) return 0;
    network_file_close(network);
    return -1;
}

void network_file_close(struct network_file *network)
{
    fields_close(&network->file);
}

bool network_next(const struct network_file *network, enum network_section section, struct record *record)
{
    const char *at = record->end != NULL ? record->end : network->records[section].start;
    return at != network->records[section].end && record_read(&network->file, &format, at, record) == 0;
}

bool network_has(const struct network_file *network, enum network_section section)
{
    return network->records[section].start != network->records[section].end;
}

const char *network_record_name(const struct record *record)
{
    return ops[record->op].name;
}
