/*
 * Users of the networks of a store: everybody with a shared lock (flock(2)) on the directory of a network file, from
 * before they look for a bridge until they are gone for good. Whoever has that lock alone is the last, and takes along
 * what the file says; nobody begins meanwhile. The kernel gives the lock back for one that is killed.
 */
#pragma once

/* Begins to be one; waits while the last one is leaving. Who is in already stays in. -1 with a noted failure. */
int network_user_join(const char *file);

/*
 * Ceases to be one. The last one performs the file, if it is there; also for one that was killed, whose lock is gone. -1
 * with a noted failure.
 */
int network_user_leave(const char *file);

/*
 * Ceases to be one without waiting for what network_user_leave() does: the last one has it done by a process of its own,
 * which holds nothing of this program's file system. Joining waits from then on until this process has ended, and that
 * one has left.
 */
int network_user_hand_over(const char *file);
