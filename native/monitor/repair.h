#pragma once

#include "base/fields.h"

/*
 * Runs the command of the record `repair`, which makes the firewall and the links of networks what they should be, and
 * waits for it. -1 with a noted failure, whose detail is what the command said.
 */
int repair_networks(const struct record *command);
