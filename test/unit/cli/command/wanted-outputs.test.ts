import { describe, expect, it } from 'vitest';
import { pushedNames, wantedOutputs } from '../../../../src/cli/command/wanted-outputs.ts';
import { parseBuildOutput } from '../../../../src/grammar/build-output.ts';

const outputs = (...texts: string[]) => texts.map(parseBuildOutput);

describe('what becomes of a build', () => {
  it.each([
    ['without any output', {}, { push: false, form: {} }],
    ['with --push', { push: true, tag: ['a'] }, { push: true, form: { compression: { kind: 'gzip' } } }],
    [
      'with --push of what is compressed otherwise',
      { push: true, tag: ['a'], output: outputs('type=image,compression=zstd') },
      { push: true, form: { compression: { kind: 'zstd' } } },
    ],
    ['with the same twice', { load: true, output: outputs('type=docker') }, { push: false, form: {} }],
  ])('is one image of the store %s', (_, flags, image) => {
    expect(wantedOutputs(flags)).toEqual([{ type: 'image', ...image }]);
  });

  it('is no image of the store when something else is asked for', () => {
    expect(wantedOutputs({ output: outputs('type=local,dest=/x') })).toEqual([
      { type: 'local', directory: '/x' },
    ]);
  });

  it('is pushed by all of its names', () => {
    const wanted = wantedOutputs({ output: outputs('type=registry,"name=b,c"') });
    expect([pushedNames(wanted), pushedNames(wanted, ['a', 'b'])]).toEqual([
      ['b', 'c'],
      ['a', 'b', 'c'],
    ]);
    expect(pushedNames(wantedOutputs({}), ['a'])).toEqual([]);
  });

  it.each([
    [{ push: true }, 'without a name'],
    [{ output: outputs('type=registry') }, 'without a name'],
    [{ output: outputs('type=image,name=a', 'type=image,name=b') }, 'in one form'],
  ])('cannot be %j', (flags, message) => {
    expect(() => wantedOutputs(flags)).toThrow(message);
  });
});
