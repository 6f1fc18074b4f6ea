/** The chain by whose rules one sees that the table is as it should be. */
export const WATCHED_CHAIN = 'forward';

/** How many rules it has (`ruleset`): a number, so that no rule has to be made on the path of `run`. */
export const WATCHED_RULES = 8;
