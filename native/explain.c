#include "explain.h"

#include "report.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

int explain(const struct plan *plan, const char *name, const char *record, size_t size)
{
    const struct record *failure = &plan->failure;
    const char *fields[3];
    if (failure->count > 0 && decode_failure(record, size, fields) == 0) {
        const char **args = calloc(failure->count + 5, sizeof *args);
        const char *arg = failure->arg[0];
        for (unsigned i = 0; args != NULL && i < failure->count; i++, arg = next_field(arg))
            args[i] = arg;
        for (unsigned i = 0; args != NULL && i < 3; i++)
            args[failure->count + i] = fields[i];
        if (args != NULL) args[failure->count + 3] = name;
        signal(SIGPIPE, SIG_DFL);
        if (args != NULL) execve(args[0], (char **)args, environ);
        free(args);
    }
    print_failure(record, size);
    return EXIT_ENGINE;
}

int explain_own_failure(const struct plan *plan, const char *name)
{
    char record[RECORD_MAX];
    return explain(plan, name, record, encode_failure(record));
}
