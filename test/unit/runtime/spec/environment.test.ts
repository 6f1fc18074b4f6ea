import { describe, expect, it } from 'vitest';
import { applyEnvironment } from '../../../../src/runtime/spec/environment.ts';

describe('applying entries to an environment', () => {
  it.each<[string, string[], string[]]>([
    ['adds what is new at the end', ['B=2'], ['A=1', 'PATH=/bin', 'B=2']],
    ['replaces what is there where it stands', ['A=2'], ['A=2', 'PATH=/bin']],
    [
      'keeps empty values, and what follows a second equals sign',
      ['A=', 'B=x=y'],
      ['A=', 'PATH=/bin', 'B=x=y'],
    ],
    ['takes away what is named without a value', ['A'], ['PATH=/bin']],
    ['takes away what it has set itself', ['B=1', 'B'], ['A=1', 'PATH=/bin']],
    ['sets anew, at the end, what was taken away', ['A', 'A=3'], ['PATH=/bin', 'A=3']],
    ['does not mind taking away what is not there', ['X'], ['A=1', 'PATH=/bin']],
  ])('%s', (_, changes, applied) => {
    expect(applyEnvironment(['A=1', 'PATH=/bin'], changes)).toEqual(applied);
  });
});
