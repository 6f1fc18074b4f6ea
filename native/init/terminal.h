/*
 * The pseudo terminal of a container, or of a process that joins one: both ends come from the devpts that is mounted
 * below its root, never from a path that the image could have made (CVE-2025-52565).
 */
#pragma once

#include "base/rootfs.h"

#include <stdint.h>
#include <sys/ioctl.h>

/* In the client, before it forks: what the terminal is to be like from its first byte on. None: 0 by 0. */
void terminal_expect_size(const struct winsize *size);

/*
 * In who becomes, or clones, the process, with the host's or the container's root: makes the terminal, takes it as 0, 1
 * and 2, and sends the master over `socket`. -1 with a noted failure.
 */
int terminal_make(const struct rootfs *rootfs, int socket);

/* Makes standard input the controlling terminal of this session leader. -1 with a noted failure. */
int terminal_control(void);

/* Shows the terminal that is standard input at /dev/console. -1 with a noted failure. */
int terminal_bind_console(const struct rootfs *rootfs);

/* In the monitor, after execve was seen: the master, which does not block. -1 with a noted failure. */
int terminal_receive(int socket);
