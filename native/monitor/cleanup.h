#pragma once

/*
 * Does what a monitor that died could not: kills what is left of the container, writes the exit record if there is
 * none, and performs the teardown. Nothing to do is success; two at once do it once. -1 with a noted failure, EBUSY
 * when the monitor lives.
 */
int cleanup(const char *plan_path);
