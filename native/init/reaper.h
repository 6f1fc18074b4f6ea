/* The record `reaper`: a first process of ours, which forwards signals, reaps, and ends as the command does. */
#pragma once

/* Takes hold of what reaper_fork() needs while the host's tree is there. -1 with a noted failure. */
int reaper_prepare(void);

/*
 * Forks when nothing is left to be confined. Returns 0 in the child, which is to become the command; this process
 * becomes the reaper and does not return. -1 with a noted failure: then there is no child.
 */
int reaper_fork(void);
