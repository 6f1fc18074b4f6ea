#include "log/log.h"

#include "base/report.h"
#include "log/log_driver.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *name;
    const struct log_driver *driver;
} drivers[] = {
    {"json-file", &log_to_file},
    {"local", &log_to_file},
    {"journald", &log_to_journald},
    {"syslog", &log_to_syslog},
};

static const struct log_driver *driver; /* NULL: no log */

/* The line of each stream that is being cut: when it began, and how many pieces of it there were. */
static struct timespec began[2];
static unsigned pieces[2];

static struct timespec now; /* of the line that began last */
static bool is_now;         /* until the next flush */

static const struct log_driver *driver_named(const char *name)
{
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++) {
        if (strcmp(drivers[i].name, name) == 0) return drivers[i].driver;
    }
    return NULL;
}

int log_open(const struct plan *plan)
{
    if (plan->log_driver == NULL || driver != NULL) return 0;
    const struct log_driver *wanted = driver_named(plan->log_driver);
    if (wanted == NULL) {
        errno = EINVAL;
        return failed(STAGE_LOG, plan->log_driver);
    }
    if (wanted->open(plan) < 0) return failed(STAGE_LOG, plan->log_path);
    driver = wanted;
    pieces[0] = pieces[1] = 0;
    return 0;
}

bool log_is_open(void)
{
    return driver != NULL;
}

/*
 * Returns the time of the next line, later than that of the last one: who asks for the lines since one of them must not
 * get those before it, too.
 */
static struct timespec next_time(void)
{
    if (!is_now)
        clock_gettime(CLOCK_REALTIME, &now);
    else if (++now.tv_nsec == 1000000000)
        now = (struct timespec){.tv_sec = now.tv_sec + 1};
    is_now = true;
    return now;
}

void log_append(int stream, const char *text, size_t length, bool complete)
{
    unsigned *piece = &pieces[stream - 1];
    struct timespec *time = &began[stream - 1];
    if (driver == NULL) return;
    if (*piece == 0) *time = next_time();
    struct log_entry entry = {
        .stream = stream,
        .text = text,
        .length = length,
        .complete = complete,
        .time = time,
        .piece = *piece == 0 && complete ? 0 : *piece + 1,
    };
    driver->append(&entry);
    *piece = complete ? 0 : *piece + 1;
}

void log_flush(void)
{
    is_now = false;
    if (driver != NULL && driver->flush != NULL) driver->flush();
}

void log_rest(void)
{
    if (driver != NULL && driver->rest != NULL) driver->rest();
}

void log_close(void)
{
    if (driver == NULL) return;
    driver->close();
    driver = NULL;
}
