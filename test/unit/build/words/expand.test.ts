// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles
import { describe, expect, it } from 'vitest';
import { expand } from '../../../../src/build/words/expand.ts';

const VALUES: Readonly<Record<string, string>> = {
  A: 'a',
  E: '',
  P: '/usr/lib/foo.tar.gz',
  W: 'x  y',
  S: 'a*b?c',
  U: 'äöü',
};
const variables = (name: string) => (Object.hasOwn(VALUES, name) ? VALUES[name] : undefined);

describe('expand', () => {
  it.each([
    ['plain', 'plain'],
    ['$A-${A}-$Ab', 'a-a-'],
    ['$N ${N}', ' '],
    ['${E:-d} ${E-d} ${N:-d} ${N-d} ${A:-d}', 'd  d d a'],
    ['${E:+y} ${E+y} ${N:+y} ${N+y} ${A:+y}', ' y   y'],
    ['${A:?why} ${E?why}', 'a '],
    ['${N:-${A}b} ${N:-"$A c"}', 'ab a c'],
    ['${P#*/} ${P##*/}', 'usr/lib/foo.tar.gz foo.tar.gz'],
    ['${P%.*} ${P%%.*}', '/usr/lib/foo.tar /usr/lib/foo'],
    ['${P/o/0} ${P//o/0}', '/usr/lib/f0o.tar.gz /usr/lib/f00.tar.gz'],
    ['${P//\\//-} ${P/l*o/_}', '-usr-lib-foo.tar.gz /usr/_.tar.gz'],
    ['${S#a\\*} ${S%\\?c} ${S/\\*/+}', 'b?c a*b a+b?c'],
    ['${P/x/y} ${P/$A/y} ${P/foo/$A}', '/usr/lib/foo.tar.gz /usr/lib/foo.tyr.gz /usr/lib/a.tar.gz'],
    ['${U#?} ${U%?}', 'öü äö'],
    ['${N#x} ${N/a/b}', ' '],
    ['"$A" \'$A\' \\$A "\\$A" "\\x\\"" \\x', 'a $A $A $A \\x" x'],
    ['a"b"\'c\'d', 'abcd'],
    ['$1 $@ $$ $', '   $'],
    ['end\\', 'end'],
    ['', ''],
  ])('%j is %j', (text, expected) => {
    expect(expand(text, { variables }).text).toBe(expected);
  });

  it('escapes by another character when told so', () => {
    expect(expand('C:\\new `$A "`$A`""', { variables, escape: '`' }).text).toBe('C:\\new $A $A"');
  });

  it('keeps quotes, or what is not set, when told so', () => {
    const text = 'echo "$A" \'$A\' $N ${N:-x} ${N#y} "a\\"b"';
    expect(expand(text, { variables, quotes: 'keep', keepUnset: true }).text).toBe(
      'echo "a" \'$A\' $N ${N:-x} ${N#y} "a\\"b"',
    );
    expect(expand('"$A" it\'s \\$A', { variables, quotes: 'ignore' }).text).toBe('"a" it\'s $A');
  });

  it('splits at blanks outside of quotes, also those of a value', () => {
    expect(expand('p $W "$W" a\\ b ${N:-q r} $E', { variables }).words).toEqual([
      'p',
      'x',
      'y',
      'x  y',
      'a b',
      'q',
      'r',
    ]);
  });

  it('tells which variables were there and which were not', () => {
    const { used, missing } = expand("$A ${E:-x} $N ${M:-x} ${O#x} '$Q'", { variables });
    expect([...used]).toEqual(['A', 'E']);
    expect([...missing]).toEqual(['N', 'O']);
  });

  it.each([
    ['${N:?why}', 'N is not set: why', 0],
    ['x ${E:?}', 'E is empty', 2],
    ['${N?}', 'N is not set', 0],
    ['${N', '"}" is missing', 0],
    ['${N:-x', '"}" is missing', 5],
    ['${A/b}', '"/" is missing', 4],
    ['${}', 'a name stands first in braces', 0],
    ['${:x}', 'a name stands first in braces', 0],
    ['${N:=x}', 'behind N stands ":", which is no operator', 0],
    ['${P%\\x}', 'is no pattern', 0],
    ["a'b", "the closing ' is missing", 1],
    ['a"b', 'the closing " is missing', 1],
  ])('refuses %j: %s', (text, message, offset) => {
    const run = () => expand(text, { variables });
    expect(run).toThrow(expect.objectContaining({ message: expect.stringContaining(message), offset }));
  });

  it('takes no time for patterns that others take for ever for', () => {
    const value = 'a'.repeat(2000);
    const text = `\${X##${'*a'.repeat(100)}b}`;
    expect(expand(text, { variables: () => value }).text).toBe(value);
  });

  const LONG = 'a'.repeat(1024 * 1024);
  it.each([
    ['values that double', '$X$X$X', 'more than 2097152 characters'],
    ['values that double in quotes', '"$X$X$X"', 'more than 2097152 characters'],
    ['replacements of each character', '${X//a/$X}', 'more than 2097152 characters'],
    ['patterns that are as long', '${X##$X}', 'the pattern and the value are too long together'],
    ['patterns that are tried everywhere', '${X//*b/c}', 'the pattern and the value are too long together'],
    ['braces in braces', `${'${N:-'.repeat(10_000)}${'}'.repeat(10_000)}`, 'nested more than 100 deep'],
  ])('refuses what nobody could wait for or hold: %s', (_, text, message) => {
    const run = () => expand(text, { variables: (name) => (name === 'X' ? LONG : undefined) });
    expect(run).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }));
  });

  it('takes as many braces in braces as anybody writes', () => {
    expect(expand(`${'${N:-'.repeat(100)}x${'}'.repeat(100)}`, { variables }).text).toBe('x');
  });
});
