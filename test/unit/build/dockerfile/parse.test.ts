import { describe, expect, it } from 'vitest';
import type { Instruction } from '../../../../src/build/dockerfile/instruction.ts';
import { parseDockerfile } from '../../../../src/build/dockerfile/parse.ts';

const parse = (text: string) => parseDockerfile(text, { name: 'Dockerfile' });
const instructions = (text: string) => parse(text).instructions;
const only = (text: string): Instruction => {
  const all = instructions(text);
  expect(all).toHaveLength(1);
  return all[0] as Instruction;
};

describe('parseDockerfile', () => {
  it('reads keywords in any case, and where each stands', () => {
    const read = instructions('from a\n\n  Run b\n');
    expect(
      read.map(({ keyword, word, rest, start, endLine }) => ({ keyword, word, rest, start, endLine })),
    ).toEqual([
      { keyword: 'FROM', word: 'from', rest: 'a', start: { line: 1, column: 1 }, endLine: 1 },
      { keyword: 'RUN', word: 'Run', rest: 'b', start: { line: 3, column: 3 }, endLine: 3 },
    ]);
  });

  it('joins lines, leaves comments and empty lines between them out, and says where an empty one was', () => {
    const run = only('RUN a \\\n  # no\n\n b \\  \n\tc\\\\\n');
    expect(run.rest).toBe('a  b \tc\\\\');
    expect(run.endLine).toBe(5);
    expect(run.emptyContinuation).toBe(5);
    expect(run.source).toBe('RUN a \\\n  # no\n\n b \\  \n\tc\\\\');
    expect(only('RUN a \\\n b').emptyContinuation).toBeUndefined();
  });

  it('takes a file with carriage returns and a byte order mark as one without', () => {
    const file = parse('\uFEFF# escape=`\r\nFROM a\r\nRUN b `\r\n c\r\n');
    expect(file.escape).toBe('`');
    expect(file.instructions.map(({ rest }) => rest)).toEqual(['a', 'b  c']);
  });

  it('reads directives before anything else only', () => {
    expect(parse('#syntax=docker/dockerfile:1\n# Check = skip=all \nFROM a').directives).toEqual({
      syntax: 'docker/dockerfile:1',
      check: 'skip=all',
    });
    expect(parse('# hello\n# escape=`\nFROM a').directives).toEqual({});
    expect(parse('\n# escape=`\nFROM a').directives).toEqual({});
    expect(parse('# other=1\n# escape=`\nFROM a').directives).toEqual({});
  });

  it('keeps the comments right above an instruction', () => {
    const read = instructions(
      '# check=skip=A\n# one\nFROM a\n# two\n#three\nRUN b\n# four\n\nRUN c\n# five\n#\nRUN d',
    );
    expect(read.map(({ comments }) => comments)).toEqual([['one'], ['two', 'three'], [], []]);
  });

  it('reads flags, in quotes and over several lines, up to what is none', () => {
    const run = only(
      'RUN --mount=type=cache,target=/a \\\n  --mount="type=tmpfs,target=/b c" --network=none -- --x',
    );
    expect(run.flags).toEqual([
      { name: 'mount', value: 'type=cache,target=/a', at: { line: 1, column: 5 } },
      { name: 'mount', value: 'type=tmpfs,target=/b c', at: { line: 2, column: 3 } },
      { name: 'network', value: 'none', at: { line: 2, column: 36 } },
    ]);
    expect(run.rest).toBe('--x');
    expect(only('COPY --link --parents=false a b').flags.map(({ name, value }) => [name, value])).toEqual([
      ['link', undefined],
      ['parents', 'false'],
    ]);
  });

  it('reads JSON lists of strings as words where they may stand', () => {
    expect(only('CMD ["a", "b c"]').words).toEqual(['a', 'b c']);
    expect(only('RUN []').words).toEqual([]);
    expect(only("CMD ['a']").words).toBeUndefined();
    expect(only('CMD ["a"] b').words).toBeUndefined();
    expect(only('LABEL ["a"]=b').words).toBeUndefined();
  });

  it('reads documents: several, chomped, quoted, also of triggers', () => {
    const [, run, after] = instructions(
      'FROM a\nRUN cat <<A - <<-"B C" 3<<D\n$x\\\nA\n\thi\n\t\tB C\n#no\n\nD\nCMD x',
    );
    expect(
      run?.heredocs.map(({ name, content, expand, chomp }) => ({ name, content, expand, chomp })),
    ).toEqual([
      { name: 'A', content: '$x\\\n', expand: true, chomp: false },
      { name: 'B C', content: 'hi\n', expand: false, chomp: true },
      { name: 'D', content: '#no\n\n', expand: true, chomp: false },
    ]);
    expect(run?.rest).toBe('cat <<A - <<-"B C" 3<<D');
    expect(after?.keyword).toBe('CMD');
    expect(only('ONBUILD COPY <<E /x\nhi\r\nE').heredocs[0]?.content).toBe('hi\r\n');
  });

  it.each([
    'CMD cat <<E',
    'RUN ["a", "<<E"]',
    'RUN a <<< E',
    "RUN don't <<E",
    'RUN echo "<<E"',
    'ENV a=<<E',
    'RUN x<<E',
  ])('sees no document in %j', (text) => {
    expect(only(text).heredocs).toEqual([]);
  });

  it.each([
    ['FROM a\nRUUN b', 'Dockerfile:2:1: unknown instruction: RUUN', 'did you mean RUN?'],
    ['FROM a\n  COPY --form=x a b', 'Dockerfile:2:8: COPY has no flag --form', 'did you mean --from?'],
    ['COPY a \\\n b --from=x', undefined, undefined],
    ['COPY \\\n --chwon=x a b', 'Dockerfile:2:2: COPY has no flag --chwon', 'did you mean --chown?'],
    ['CMD --x', 'Dockerfile:1:5: CMD has no flag --x', undefined],
    ['RUN --device=x y', 'RUN has no flag --device', undefined],
    ['COPY --from a b', '--from of COPY needs a value', undefined],
    ['COPY --from=a --from=b c d', '--from of COPY is given twice', undefined],
    ['COPY --link=1 a b', '--link of COPY is true or false, not "1"', undefined],
    ['ENV', 'ENV needs an argument', undefined],
    ['ONBUILD FROM a', '1:9: FROM cannot be the instruction of an ONBUILD', undefined],
    ['ONBUILD ONBUILD RUN a', 'ONBUILD cannot be the instruction of an ONBUILD', undefined],
    ['ONBUILD RUNN a', '1:9: unknown instruction: RUNN', 'did you mean RUN?'],
    [
      'CMD ["a", 1]',
      'is a list of other things than strings',
      'a JSON list has strings only, in double quotes',
    ],
    ['COPY ["a", "/b\\u0000c"]', 'is a list with a NUL character', 'no command, path or name can hold one'],
    ['RUN <<E\nx', 'Dockerfile:1:5: the document "E" has no end', 'its last line is E alone'],
    ['', 'there are no instructions', undefined],
    ['# only\n\n \\\n', 'there are no instructions', undefined],
    ['# escape=x\nFROM a', 'the escape "x" is neither a backslash nor a backtick', undefined],
    ['# escape=`\n# escape=`\nFROM a', 'Dockerfile:2:1: only one escape directive can be used', undefined],
    ['FROM a\nRUN a\0b', 'Dockerfile:2:6: a Dockerfile has no NUL characters', undefined],
  ])('judges %j', (text, message, hint) => {
    if (message === undefined) expect(() => parse(text)).not.toThrow();
    else
      expect(() => parse(text)).toThrow(
        expect.objectContaining({ message: expect.stringContaining(message), hint }),
      );
  });

  it('shows the lines that are meant, and those around', () => {
    expect(() => parse('FROM a\n# c\nRUN b\nCOPY --x a \\\n b\n\nCMD c\nCMD d\n')).toThrow(
      [
        'Dockerfile:4:6: COPY has no flag --x',
        '   2 |     # c',
        '   3 |     RUN b',
        '   4 | >>> COPY --x a \\',
        '   5 | >>>  b',
        '   6 |',
        '   7 |     CMD c',
      ].join('\n'),
    );
  });

  it('refuses a file that is larger than 2 MiB', () => {
    expect(() => parse(`FROM a\nRUN ${'x'.repeat(2 * 1024 * 1024)}`)).toThrow('at most 2097152 characters');
  });
});
