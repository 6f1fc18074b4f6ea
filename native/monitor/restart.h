/* The record `restart`: whether and when a container that ended is started again. */
#pragma once

#include "base/plan.h"

#include <stdbool.h>
#include <stdint.h>

/* Reads it; without one nothing is ever started again. -1 with a noted failure. */
int restart_prepare(const struct plan *plan);

/*
 * Sets the policy that holds from now on: `no`, `on-failure`, `always` or `unless-stopped`, how often at most. -1 with
 * EINVAL.
 */
int restart_set(const char *word, const char *maximum);

/* A run that ended. */
struct ended_run {
    int code;
    int64_t lasted_ms;
    bool by_user;   /* somebody stopped or killed it: then it stays ended */
    bool unhealthy; /* it was stopped to be started again, whatever the policy says */
};

/* Returns how many ms to wait before the next start, and counts it; -1: there is none. */
int64_t restart_delay(const struct ended_run *run);

/* Returns how often the container was started again. */
int64_t restart_count(void);
