/**
 * A challenge of a server, which asks for authentication: the scheme in lower case, its parameters by lower-case name.
 */
export interface Challenge {
  scheme: string;
  parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const SPACE = /\s*/y;
const SEPARATORS = /[\s,]*/y;
const EQUALS = /\s*=\s*/y;

/**
 * Reads a `WWW-Authenticate` value, several challenges in one line included (RFC 9110, section 11.6.1). What follows
 * a syntax error is dropped: what came before may still do.
 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(header);
    if (match !== null) position = pattern.lastIndex;
    return match;
  };
  let parameters: Record<string, string> | undefined;
  for (;;) {
    take(SEPARATORS);
    const word = take(TOKEN)?.[0].toLowerCase();
    if (word === undefined) return challenges;
    if (parameters !== undefined && take(EQUALS) !== null) {
      const value = take(QUOTED)?.[1]?.replace(/\\(.)/g, '$1') ?? take(TOKEN)?.[0];
      if (value === undefined) return challenges;
      parameters[word] = value;
      continue;
    }
    parameters = {};
    challenges.push({ scheme: word, parameters });
    take(SPACE);
    // `Negotiate YII=`: one opaque value, which must not be taken for the name of a parameter or a scheme.
    const start = position;
    if (take(TOKEN68) !== null && !/\s/.test(header[start - 1] ?? '')) position = start;
  }
}
