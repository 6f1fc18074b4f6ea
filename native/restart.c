#include "restart.h"

#include "report.h"
#include "util.h"

#include <string.h>

#define FIRST_DELAY_MS 100
#define LONGEST_DELAY_MS 60000

/* A container that ran for so long is not one that crashes again and again. */
#define SETTLED_MS 10000

static struct {
    enum { NEVER, ON_FAILURE, ALWAYS } policy;
    int64_t maximum; /* 0: no limit */
    int64_t count;
    int64_t delay; /* 0: not waited yet */
} restart;

static int take(const struct record *record)
{
    restart.policy = strcmp(record->arg[0], "on-failure") == 0 ? ON_FAILURE : ALWAYS;
    bool known = restart.policy == ON_FAILURE || strcmp(record->arg[0], "always") == 0 ||
                 strcmp(record->arg[0], "unless-stopped") == 0;
    if (known && parse_number(record->arg[1], 10, &restart.maximum) == 0 && restart.maximum >= 0) return 0;
    errno = EINVAL;
    return failed(STAGE_PLAN, "restart");
}

int restart_prepare(const struct plan *plan)
{
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op == OP_RESTART && take(&record) < 0) return -1;
    }
    return 0;
}

static bool wanted(const struct ended_run *run)
{
    if (run->by_user) return false;
    if (run->unhealthy || restart.policy == ALWAYS) return true;
    if (restart.policy == NEVER || run->code == 0) return false;
    return restart.maximum == 0 || restart.count < restart.maximum;
}

int64_t restart_delay(const struct ended_run *run)
{
    if (!wanted(run)) return -1;
    restart.count++;
    if (run->unhealthy) return 0;
    if (restart.delay == 0 || run->lasted_ms >= SETTLED_MS)
        restart.delay = FIRST_DELAY_MS;
    else
        restart.delay *= 2;
    if (restart.delay > LONGEST_DELAY_MS) restart.delay = LONGEST_DELAY_MS;
    return restart.delay;
}

int64_t restart_count(void)
{
    return restart.count;
}
