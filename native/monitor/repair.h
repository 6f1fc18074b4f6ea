#pragma once

#include "base/fields.h"
#include "base/stages.h"

/* Runs a record's command and waits for it. -1 with a noted failure, whose detail is what the command said. */
int call_back(const struct record *command, enum stage stage);

/*
 * Runs the command of the record `repair`, which makes the firewall and the links of networks what they should be, and
 * waits for it. -1 with a noted failure, whose detail is what the command said.
 */
int repair_networks(const struct record *command);
