/** The chain by whose rules one sees that the table is as it should be. */
export const WATCHED_CHAIN = 'forward';

/** The number of rules in the chain (`ruleset`), known here so that no rule has to be made on the path of `run`. */
export const WATCHED_RULES = 8;
