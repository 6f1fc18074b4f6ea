#include "monitor/restart.h"

#include "base/report.h"
#include "base/util.h"

#include <string.h>

#define FIRST_DELAY_MS 100
#define LONGEST_DELAY_MS 60000

/* A container that ran for so long is not one that crashes again and again. */
#define SETTLED_MS 10000

enum { NEVER, ON_FAILURE, ALWAYS };

static struct {
    int policy;
    int64_t maximum; /* 0: no limit */
    int64_t count;
    int64_t delay; /* 0: not waited yet */
} restart;

int restart_set(const char *word, const char *maximum)
{
    static const struct {
        const char *word;
        int policy;
    } known[] = {{"no", NEVER}, {"on-failure", ON_FAILURE}, {"always", ALWAYS}, {"unless-stopped", ALWAYS}};
    int64_t number;
    if (parse_number(maximum, 10, &number) < 0 || number < 0) return fail_with(EINVAL);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].word, word) != 0) continue;
        restart.policy = known[i].policy;
        restart.maximum = number;
        return 0;
    }
    return fail_with(EINVAL);
}

int restart_prepare(const struct plan *plan)
{
    for (struct record record = {0}; plan_next(plan, SECTION_GENERAL, &record);) {
        if (record.op == OP_RESTART && restart_set(record.arg[0], record.arg[1]) < 0)
            return failed(STAGE_PLAN, "restart");
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
