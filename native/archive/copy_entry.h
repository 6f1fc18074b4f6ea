/* Makes single entries of a tree anew in another one, which nobody else can reach. */
#pragma once

#include "archive/attributes.h"
#include "archive/owners.h"
#include "base/walk.h"

/*
 * Makes what `entry` is, under its name in the directory `to`; content shares blocks where the file system can. A
 * directory is empty, with a mode of 0700: its metadata are for end_copy(), when all of it is there. Owners are
 * translated. -1 with errno.
 */
int make_copy(int to, const struct entry *entry, struct attributes *attributes, struct owners *owners);

/* Gives the directory `to` the owner, mode, attributes and times of `entry`. -1 with errno. */
int end_copy(int to, const struct entry *entry, struct attributes *attributes, struct owners *owners);
