#include "client/explain.h"

#include "base/report.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

/* Executes the command with three fields and, unless it is NULL, a name; returns when that cannot be done. */
static void become_explainer(const struct record *failure, const char *const fields[3], const char *name)
{
    const char **args = failure->count > 0 ? calloc(failure->count + 5, sizeof *args) : NULL;
    const char *arg = failure->arg[0];
    if (args == NULL) return;
    for (unsigned i = 0; i < failure->count; i++, arg = next_field(arg))
        args[i] = arg;
    for (unsigned i = 0; i < 3; i++)
        args[failure->count + i] = fields[i];
    args[failure->count + 3] = name;
    signal(SIGPIPE, SIG_DFL);
    execve(args[0], (char **)args, environ);
    free(args);
}

int explain(const struct plan *plan, const char *name, const char *record, size_t size)
{
    const char *fields[3];
    if (decode_failure(record, size, fields) == 0) become_explainer(&plan->failure, fields, name);
    print_failure(record, size);
    return EXIT_ENGINE;
}

int explain_own_failure(const struct plan *plan, const char *name)
{
    char record[RECORD_MAX];
    return explain(plan, name, record, encode_failure(record));
}

int explain_end(const struct plan *plan, int code, bool oom)
{
    char killed[8], error[8];
    if (!oom || code != 128 + SIGKILL || !isatty(2)) return code;
    snprintf(killed, sizeof killed, "%d", code);
    snprintf(error, sizeof error, "%d", ENOMEM);
    become_explainer(&plan->failure, (const char *const[]){"out-of-memory", error, killed}, NULL);
    return code;
}
