/*
 * The pseudo terminal of a container, or of a process that joins one: both ends come from the devpts that is mounted
 * below its root, never from a path that the image could have made (CVE-2025-52565).
 */
#pragma once

#include "base/rootfs.h"

#include <stdint.h>
#include <sys/ioctl.h>

/*
 * Says, in the client and before it forks, what size the terminal is to have from its first byte on; else it is 0 by 0.
 */
void terminal_expect_size(const struct winsize *size);

/*
 * Makes the terminal, with the host's or the container's root, in who becomes, or clones, the process: takes it as 0, 1
 * and 2, and sends the master over `socket`. -1 with a noted failure.
 */
int terminal_make(const struct rootfs *rootfs, int socket);

/* Makes standard input the controlling terminal of this session leader. -1 with a noted failure. */
int terminal_control(void);

/* Shows the terminal that is standard input at /dev/console. -1 with a noted failure. */
int terminal_bind_console(const struct rootfs *rootfs);

/* Returns the master, which does not block, in the monitor after execve was seen. -1 with a noted failure. */
int terminal_receive(int socket);
