/* Driver syslog: RFC 3164 with and without a host name, RFC 5424 with seconds or microseconds; a line each. */
#include "base/util.h"
#include "log/log_driver.h"
#include "log/log_socket.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum { SEVERITY_ERROR = 3, SEVERITY_INFORMATIONAL = 6 };

static struct log_socket server = {.fd = -1};
static const char *format, *tag;
static int64_t facility;
static struct utsname host;

/* Attributes `facility` (a number), `format` (`unix`, `rfc3164`, `rfc5424`, `rfc5424micro`) and `tag`. */
static int take_attributes(const struct plan *plan)
{
    struct record record = {.end = NULL};
    format = "unix";
    tag = "";
    facility = 3;
    while (plan_next(plan, SECTION_GENERAL, &record)) {
        if (record.op != OP_LOG_ATTRIBUTE) continue;
        if (strcmp(record.arg[0], "format") == 0)
            format = record.arg[1];
        else if (strcmp(record.arg[0], "tag") == 0)
            tag = record.arg[1];
        else if (strcmp(record.arg[0], "facility") == 0 && parse_number(record.arg[1], 10, &facility) < 0)
            return -1;
    }
    return uname(&host);
}

static int open_log(const struct plan *plan)
{
    return take_attributes(plan) < 0 ? -1 : log_socket_open(&server, plan->log_path);
}

static int encode_rfc5424(char *out, size_t size, int priority, const struct log_entry *entry)
{
    char time[32], fraction[32] = "";
    struct tm utc;
    strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", gmtime_r(&entry->time->tv_sec, &utc));
    if (strcmp(format, "rfc5424micro") == 0)
        snprintf(fraction, sizeof fraction, ".%06ld", entry->time->tv_nsec / 1000);
    return snprintf(out, size, "<%d>1 %s%sZ %s %s %d %s - ", priority, time, fraction, host.nodename, tag,
                    getpid(), tag);
}

static int encode_rfc3164(char *out, size_t size, int priority, const struct log_entry *entry)
{
    char time[32];
    struct tm local;
    bool named = strcmp(format, "rfc3164") == 0;
    strftime(time, sizeof time, "%b %e %H:%M:%S", localtime_r(&entry->time->tv_sec, &local));
    return snprintf(out, size, "<%d>%s %s%s%s[%d]: ", priority, time, named ? host.nodename : "",
                    named ? " " : "", tag, getpid());
}

static void send_entry(const struct log_entry *entry)
{
    char head[1024];
    int priority = (int)facility * 8 + (entry->stream == 1 ? SEVERITY_INFORMATIONAL : SEVERITY_ERROR);
    bool modern = strncmp(format, "rfc5424", 7) == 0;
    int length = (modern ? encode_rfc5424 : encode_rfc3164)(head, sizeof head, priority, entry);
    if (length < 0 || length >= (int)sizeof head) length = (int)sizeof head - 1;
    struct iovec parts[] = {{head, (size_t)length}, {(void *)entry->text, entry->length}, {"\n", 1}};
    if (log_socket_send(&server, parts, sizeof parts / sizeof *parts) < 0) server.lost++;
}

static void append(const struct log_entry *entry)
{
    struct lost_note note;
    send_entry(entry);
    if (log_socket_note_lost(&server, entry, &note)) send_entry(&note.entry);
}

static void close_log(void)
{
    log_socket_close(&server);
}

const struct log_driver log_to_syslog = {open_log, append, NULL, NULL, close_log};
