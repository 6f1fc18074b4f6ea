import type { CopyStep } from '../../src/build/stages/step.ts';

/** A step from the text of COPY or ADD, whose words have no blanks in them and no variables; documents stand below it. */
export function copyStep(text: string): CopyStep {
  const [line = '', ...below] = text.split('\n');
  const [keyword = '', ...words] = line.split(' ');
  const flags = words.filter((word) => word.startsWith('--'));
  const [destination = '', ...sources] = words.filter((word) => !word.startsWith('--')).reverse();
  const values = (name: string) =>
    flags.filter((flag) => flag.startsWith(`--${name}=`)).map((flag) => flag.slice(name.length + 3));
  const has = (name: string) => flags.includes(`--${name}`);
  const names = sources.filter((word) => word.startsWith('<<')).map((word) => word.slice(2));
  return {
    kind: 'copy',
    instruction: {
      keyword: keyword === 'ADD' ? 'ADD' : 'COPY',
      flags: [],
      rest: '',
      words: undefined,
      heredocs: [],
      start: { line: 1, column: 1 },
      endLine: 1,
      word: '',
      restAt: { line: 1, column: 1 },
      line: '',
      comments: [],
      emptyContinuation: undefined,
      isTrigger: false,
      source: text,
    },
    text,
    createdBy: text,
    add: keyword === 'ADD',
    from: { kind: 'context' },
    sources: sources.filter((word) => !word.startsWith('<<')).reverse(),
    documents: names.reverse().map((name) => ({ name, content: documentOf(below, name) })),
    destination,
    chown: values('chown')[0],
    chmod: values('chmod')[0],
    link: has('link'),
    parents: has('parents'),
    exclude: values('exclude'),
    checksum: values('checksum')[0],
    keepGitDirectory: has('keep-git-dir'),
    unpack: has('unpack=true') ? true : has('unpack=false') ? false : undefined,
    ifExists: has('if-exists'),
  };
}

/** The lines before the one that is the name, after the document before it. */
function documentOf(lines: readonly string[], name: string): string {
  const end = lines.indexOf(name);
  const before = lines.slice(0, end);
  const start = before.findLastIndex((line) => lines.indexOf(line) < end && /^[a-z]+$/.test(line));
  return before
    .slice(start + 1)
    .map((line) => `${line}\n`)
    .join('');
}
