#include "init/bind.h"

#include "base/util.h"

#include <sys/mount.h>

struct bind bind_read(const struct record *record)
{
    const char *const *arg = record->arg;
    if (record->op == OP_BIND_BENEATH) return (struct bind){arg[0], arg[1], arg[2], arg[3]};
    return (struct bind){arg[0], NULL, arg[1], arg[2]};
}

unsigned long bind_propagation(const char *flags)
{
    if (has_word(flags, "shared") || has_word(flags, "rshared")) return MS_SHARED;
    return has_word(flags, "slave") || has_word(flags, "rslave") ? MS_SLAVE : 0;
}

bool bind_propagates(const struct record *record)
{
    return bind_propagation(bind_read(record).flags) != 0;
}
