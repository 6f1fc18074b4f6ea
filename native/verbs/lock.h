/* What verbs have in common that hold a lock for whoever started them. */
#pragma once

/*
 * Ignores the signals that a terminal sends its whole foreground group: they are for our owner, who lets go when it is
 * done.
 */
void ignore_terminal(void);

/* Says that the lock is held, and waits until the owner lets go, or dies. -1 with errno. */
int hold_for_owner(void);
