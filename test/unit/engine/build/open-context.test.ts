import { describe, expect, it } from 'vitest';
import { isArchive } from '../../../../src/engine/build/open-context.ts';
import { tar } from '../../../helpers/tar.ts';

describe('what a context begins with', () => {
  it('tells an archive, also one of nothing, from a Dockerfile', () => {
    expect(isArchive(tar({ name: 'Dockerfile', content: 'FROM scratch\n' }))).toBe(true);
    expect(isArchive(Buffer.alloc(1024))).toBe(true);
    expect(isArchive(Buffer.from('FROM scratch\n'.padEnd(600)))).toBe(false);
    expect(isArchive(Buffer.from('FROM scratch\n'))).toBe(false);
    expect(isArchive(Buffer.alloc(0))).toBe(false);
  });
});
