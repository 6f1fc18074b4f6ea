import { afterEach, describe, expect, it, vi } from 'vitest';
import { environmentEntry } from '../../../../src/cli/parse/environment.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('an environment variable on the command line', () => {
  it('has the value that it has here when only its name is given', () => {
    vi.stubEnv('SKIFF_TEST_HERE', 'here');
    expect(environmentEntry('SKIFF_TEST_HERE', ['A=1'])).toEqual(['A=1', 'SKIFF_TEST_HERE=here']);
    vi.stubEnv('SKIFF_TEST_HERE', '');
    expect(environmentEntry('SKIFF_TEST_HERE')).toEqual(['SKIFF_TEST_HERE=']);
  });

  it('is taken away from the container when only its name is given and it has no value here', () => {
    vi.stubEnv('SKIFF_TEST_HERE', undefined);
    expect(environmentEntry('SKIFF_TEST_HERE', ['SKIFF_TEST_HERE=1'])).toEqual([
      'SKIFF_TEST_HERE=1',
      'SKIFF_TEST_HERE',
    ]);
  });

  it.each(['', '=1'])('needs a name: %j', (entry) => {
    expect(() => environmentEntry(entry)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: `environment variable "${entry}" has no name` }),
    );
  });
});
