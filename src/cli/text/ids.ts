const SHORT_ID = 12;
const COMMAND_WIDTH = 20;

/** The first twelve hex digits of an id or a digest, without `sha256:`. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, SHORT_ID);
}

/** Divides the name of an image that has a tag: `busybox:latest` → `busybox`, `latest`. */
export function repositoryAndTag(name: string): [repository: string, tag: string] {
  const index = name.lastIndexOf(':');
  return [name.slice(0, index), name.slice(index + 1)];
}

/** The COMMAND column of `ps`: words with blanks in single quotes, cut to 20 characters, the whole in double quotes. */
export function quotedCommand(argv: readonly string[], { trunc }: { trunc: boolean }): string {
  const [path = '', ...rest] = argv;
  const text = [path, ...rest.map((word) => (word.includes(' ') ? `'${word}'` : word))].join(' ');
  return quoted(trunc ? ellipsis(text, COMMAND_WIDTH) : text);
}

/** Text of at most `width` characters; what was cut is shown by a `…` that counts as one. */
export function ellipsis(text: string, width: number): string {
  if (text.length <= width) return text;
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** Made once: a list has thousands of commands. */
const SPECIAL = /["\\]|\p{Cc}/u;
const EACH_SPECIAL = new RegExp(SPECIAL, 'gu');

/** Writes text as a Go string literal, as Docker does: nothing that could move a terminal's cursor stays. */
function quoted(text: string): string {
  if (!SPECIAL.test(text)) return `"${text}"`;
  const escaped = text.replace(EACH_SPECIAL, (character) => {
    return ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}
