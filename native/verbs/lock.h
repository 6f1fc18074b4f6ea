/* What verbs have in common that hold a lock for whoever started them. */
#pragma once

/* What a terminal sends its whole foreground group is for our owner, who lets go when it is done. */
void ignore_terminal(void);

/* Says that the lock is held, and waits until the owner lets go, or dies. -1 with errno. */
int hold_for_owner(void);
