/* Whose everything becomes that is copied. */
#pragma once

#include "archive/attributes.h"
#include "archive/destination.h"
#include "layer/id_maps.h"

struct owners {
    struct id_way way; /* from one container's ids to another's */
    bool given;        /* all belongs to these, as they are called where it goes */
    uid_t uid;
    gid_t gid;
    char *value; /* of an attribute with ids in it */
};

/* Takes a word `from=MAP`, `to=MAP` or `owner=UID:GID`. False for any other; -1 for one that is none. */
int owners_take(struct owners *owners, const char *word);

/* Translates ids and attributes of what is to be made, in place. -1 with errno. */
int owners_translate(struct owners *owners, struct making *making, struct attributes *attributes);

/*
 * From now on files are made as the root of the container that they are for: where owners are shown through id maps the
 * kernel lets nobody make any who is not in them. -1 with errno.
 */
int owners_act(const struct owners *owners);

void free_owners(struct owners *owners);
