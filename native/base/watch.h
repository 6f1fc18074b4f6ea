#pragma once

#include <stdint.h>

/*
 * Says what epoll waits for at a descriptor, with a source to tell it by; -1: nothing, not even a hang-up. `*watched` is
 * what was said last, -1 at first.
 */
void watch(int epoll, int fd, int *watched, uint32_t source, int events);
