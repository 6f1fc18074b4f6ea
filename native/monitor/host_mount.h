/*
 * File systems that several containers share, attached to directories of the host: the first one that needs one mounts
 * it, the last one unmounts it. Who needs it is whoever has a lock of its file, which ends with a process however that
 * one ends. Arguments of records are as in native/PLAN.md.
 */
#pragma once

#include "base/plan.h"

/* Performs `host-mount`: from then on this process needs it. -1 with errno. */
int host_mount(const struct record *record);

/* This process needs none any more. */
void host_mounts_release(void);

/* Performs `host-unmount`, unless somebody needs it or is just mounting it. -1 with errno. */
int host_unmount(const char *directory, const char *lock);
