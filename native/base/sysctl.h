#pragma once

/*
 * Sets a sysctl, named with dots or slashes. Namespaced ones apply to the namespaces of the writer, so the host's /proc
 * serves as well as the container's. -1 with errno.
 */
int write_sysctl(const char *name, const char *value);

/* Compares a sysctl with `value`. -1 with errno, EINVAL: it has another one. */
int check_sysctl(const char *name, const char *value);
