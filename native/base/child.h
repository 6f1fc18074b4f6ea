/* What a process that the helper has forked or cloned does first, before it becomes what it is to be. */
#pragma once

/* The descriptor of the report pipe's end, beside the standard streams. */
#define REPORT_FD 3

/* Sets every signal back to its default action and blocks none, as a new process has them. */
void reset_signals(void);

/* Joins a new session keyring of this name: root's own one, and the keys in it, would otherwise be the container's. */
void leave_keyring(const char *id);

/*
 * Overwrites arguments and environment that this process was executed with: /proc/PID/environ and cmdline show them to
 * whoever may look there (CAP_PERFMON is enough), and its children begin with a copy of its memory. Nobody may use them
 * afterwards.
 */
void forget_caller(void);

/*
 * Has the kernel send SIGKILL when the monitor dies, and exits when it is dead already. The kernel forgets this when the
 * process's credentials change. The monitor is who reads from the report pipe, of which this process has no other end.
 */
void die_with_monitor(void);

/* Does the same where the end of the report pipe is the descriptor `report`. */
void die_with_reader(int report);
