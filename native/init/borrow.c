#include "init/borrow.h"

#include "base/descriptors.h"
#include "base/report.h"
#include "base/util.h"
#include "init/bind.h"

#include <sched.h>

bool is_unprivileged(const struct plan *plan)
{
    return (plan->namespaces | plan->joined) & CLONE_NEWUSER;
}

bool is_lent(const struct record *record, bool unprivileged)
{
    switch (record->op) {
    case OP_BIND_OF:
        return true;
    case OP_BIND:
    case OP_BIND_BENEATH:
        return unprivileged || bind_propagates(record);
    case OP_OVERLAY:
    case OP_OVERLAY_AT:
    case OP_BIND_ROOT:
        return unprivileged;
    default:
        return false;
    }
}

bool plan_lends(const struct plan *plan)
{
    if (is_unprivileged(plan)) return true;
    for (struct record record = {0}; plan_next(plan, SECTION_INIT, &record);) {
        if (is_lent(&record, false)) return true;
    }
    return false;
}

int await_ids(int socket)
{
    int none;
    return receive_descriptor(socket, &none) < 0 ? failed(STAGE_ID_MAP, "maps") : 0;
}

int borrow(int socket)
{
    int mount;
    if (receive_descriptor(socket, &mount) < 0) return -1;
    return mount < 0 ? fail_with(EPROTO) : mount;
}
