import { expect, it } from 'vitest';
import { fact, line, renderSheet } from '../../../../src/cli/text/sheet.ts';

it('aligns columns in each section, marks lines, and leaves out what says nothing', () => {
  const text = renderSheet([
    { title: 'First', lines: [line(['a', 'one'], true), line(['longer', 'two']), ...fact('none', '')] },
    { title: 'Empty', lines: fact('none', undefined) },
    { title: 'Second', lines: [line(['b', '', 'three']), line(['c', 'd', 'four'])] },
  ]);
  expect(text).toBe(
    [
      'First',
      '  * a       one',
      '    longer  two',
      '',
      'Second',
      '    b     three',
      '    c  d  four',
      '',
    ].join('\n'),
  );
});

it('does not let one long name move all lines', () => {
  const long = 'x'.repeat(50);
  const text = renderSheet([{ title: 'T', lines: [line([long, 'one']), line(['b', 'two'])] }]);
  expect(text).toBe(`T\n    ${long}  one\n    b  two\n`);
});

it('lets nobody command the terminal', () => {
  expect(renderSheet([{ title: 'T', lines: [line(['\x1b[2J', 'a\nb'])] }])).toBe('T\n    \\x1b[2J  a\\nb\n');
});
