#pragma once

/*
 * Loads an eBPF program of type CGROUP_DEVICE, given as the hex digits of its struct bpf_insn array, and attaches it
 * to a v2 cgroup beside what is attached there already: all of them must allow. -1 with errno.
 */
int device_program_attach(const char *directory, const char *hex);
