import { describe, expect, it } from 'vitest';
import { environmentEntry } from '../../../src/grammar/environment.ts';

describe('an environment variable on the command line', () => {
  it('has the value that it has here when only its name is given', () => {
    expect(environmentEntry({ HERE: 'here' })('HERE', ['A=1'])).toEqual(['A=1', 'HERE=here']);
    expect(environmentEntry({ HERE: '' })('HERE')).toEqual(['HERE=']);
  });

  it('is taken away from the container when only its name is given and it has no value here', () => {
    expect(environmentEntry({})('HERE', ['HERE=1'])).toEqual(['HERE=1', 'HERE']);
  });

  it.each(['', '=1'])('needs a name: %j', (entry) => {
    expect(() => environmentEntry({})(entry)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: `environment variable "${entry}" has no name` }),
    );
  });
});
