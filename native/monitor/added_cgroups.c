#include "monitor/added_cgroups.h"

#include "base/report.h"
#include "base/util.h"
#include "monitor/setup.h"
#include "monitor/sidecars.h"
#include "state/monitor_cgroup.h"

static int enter(const struct plan *added)
{
    pid_t sidecars[SIDECARS_MAX];
    int count = sidecars_list(sidecars);
    if (monitor_cgroups_make(added) < 0 || perform_setup(added) < 0) return -1;
    return monitor_cgroups_spread(added, sidecars, count);
}

static int open_and_enter(const struct plan *plan)
{
    struct plan added;
    if (monitor_cgroups_open_added(plan, &added) < 0) return -1;
    monitor_cgroups_look(plan);
    int result = enter(&added);
    fields_close(&added.file);
    return result;
}

int added_cgroups_enter(const struct plan *plan)
{
    if (open_and_enter(plan) == 0) return 0;
    int error = errno;
    forget_failure();
    return fail_with(error);
}
