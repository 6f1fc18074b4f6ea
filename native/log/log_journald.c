/* Driver journald: the fields of each entry in one datagram, as systemd's native protocol has them. */
#include "base/util.h"
#include "log/log_driver.h"
#include "log/log_socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct log_socket journald = {.fd = -1};
static char *fields; /* those that every entry has */
static size_t fields_length;
static char epoch[40]; /* of this log: with `ordinal` it tells the order of entries of the same time */
static uint64_t ordinal;

/* A value with newlines has its length before it. */
static size_t encode_field(char *out, const char *key, const char *value)
{
    size_t key_length = strlen(key), length = strlen(value);
    uint64_t little = (uint64_t)length; /* every architecture that is built for is little endian */
    bool plain = strchr(value, '\n') == NULL;
    size_t size = key_length + 1 + (plain ? 0 : sizeof little) + length + 1;
    if (out == NULL) return size;
    memcpy(out, key, key_length);
    out += key_length;
    *out++ = plain ? '=' : '\n';
    if (!plain) {
        memcpy(out, &little, sizeof little);
        out += sizeof little;
    }
    memcpy(out, value, length);
    out[length] = '\n';
    return size;
}

static size_t encode_fields(const struct plan *plan, char *out)
{
    struct record record = {.end = NULL};
    size_t size = 0;
    while (plan_next(plan, SECTION_GENERAL, &record)) {
        if (record.op == OP_LOG_ATTRIBUTE)
            size += encode_field(out == NULL ? NULL : out + size, record.arg[0], record.arg[1]);
    }
    return size;
}

static int open_log(const struct plan *plan)
{
    fields_length = encode_fields(plan, NULL);
    free(fields);
    fields = malloc(fields_length + 1);
    if (fields == NULL) return -1;
    encode_fields(plan, fields);
    snprintf(epoch, sizeof epoch, "%.12s%016llx", plan->id, (unsigned long long)monotonic_ns());
    ordinal = 0;
    return log_socket_open(&journald, plan->log_path);
}

/* Sends what is too long for a datagram as a sealed file. */
static void send_as_file(const struct iovec *parts, size_t count)
{
    owned_fd file = memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {
        .header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))}};
    struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof control.space};
    bool written = file >= 0;
    for (size_t i = 0; i < count && written; i++)
        written = write_all(file, parts[i].iov_base, parts[i].iov_len) == 0;
    if (!written || fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0) {
        journald.lost++;
        return;
    }
    memcpy(CMSG_DATA(&control.header), &file, sizeof file);
    log_socket_send_datagram(&journald, &message);
}

static int encode_piece(char *out, size_t size, const struct log_entry *entry)
{
    if (entry->piece == 0) return 0;
    return snprintf(
        out, size,
        "%sCONTAINER_PARTIAL_ID=%s%d%llx\nCONTAINER_PARTIAL_ORDINAL=%u\nCONTAINER_PARTIAL_LAST=%s\n",
        entry->complete ? "" : "CONTAINER_PARTIAL_MESSAGE=true\n", epoch, entry->stream,
        (unsigned long long)entry->time->tv_sec * 1000000000ULL + (unsigned long long)entry->time->tv_nsec,
        entry->piece, entry->complete ? "true" : "false");
}

static int encode_own_fields(char *out, size_t size, const struct log_entry *entry)
{
    char time[40];
    struct tm utc;
    strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", gmtime_r(&entry->time->tv_sec, &utc));
    int length = snprintf(
        out, size,
        "PRIORITY=%d\nSYSLOG_TIMESTAMP=%s.%09ldZ\nCONTAINER_LOG_EPOCH=%s\nCONTAINER_LOG_ORDINAL=%llu\n",
        entry->stream == 1 ? 6 : 3, time, entry->time->tv_nsec, epoch, (unsigned long long)++ordinal);
    length += encode_piece(out + length, size - (size_t)length, entry);
    return length + snprintf(out + length, size - (size_t)length, "MESSAGE\n");
}

static void send_entry(const struct log_entry *entry)
{
    char own[768];
    uint64_t little = (uint64_t)entry->length;
    size_t own_length = (size_t)encode_own_fields(own, sizeof own, entry);
    struct iovec parts[] = {
        {fields, fields_length},
        {own, own_length},
        {&little, sizeof little},
        {(void *)entry->text, entry->length},
        {"\n", 1},
    };
    size_t count = sizeof parts / sizeof *parts;
    if (log_socket_send(&journald, parts, count) < 0) send_as_file(parts, count);
}

static void append(const struct log_entry *entry)
{
    struct lost_note note;
    if (entry->length == 0) return; /* the journal has no empty messages, and Docker sends none */
    send_entry(entry);
    if (log_socket_note_lost(&journald, entry, &note)) send_entry(&note.entry);
}

static void close_log(void)
{
    log_socket_close(&journald);
}

const struct log_driver log_to_journald = {open_log, append, NULL, NULL, close_log};
