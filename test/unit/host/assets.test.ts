import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assetBytes, helperDigest, seccompRevision, setAssets } from '../../../src/host/assets.ts';

const directory = mkdtempSync(join(tmpdir(), 'assets-'));
const helper = join(directory, 'helper');
const hello = join(directory, 'hello');
const seccomp = { revision: 'noted' };
writeFileSync(helper, 'abc');
writeFileSync(hello, 'hello');
afterAll(() => rmSync(directory, { recursive: true }));

describe('assets', () => {
  it('are missing until the entry names them', () => {
    expect(() => assetBytes('helper')).toThrow('started without its assets');
  });

  it('are read from where the entry says they are', () => {
    setAssets({ helper, hello, seccomp });
    expect(Buffer.from(assetBytes('hello')).toString()).toBe('hello');
  });

  it('compute the digest of the helper when the build noted none', () => {
    setAssets({ helper, hello, seccomp });
    expect(helperDigest()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('take the noted digest without reading the helper', () => {
    setAssets({ helper: join(directory, 'missing'), hello, helperDigest: 'noted', seccomp });
    expect(helperDigest()).toBe('noted');
  });

  it('give the seccomp compiler a revision that changes with its sources, unless the build noted one', () => {
    const sources = join(directory, 'seccomp');
    mkdirSync(sources);
    const revision = (content: string) => {
      writeFileSync(join(sources, 'compile.ts'), content);
      setAssets({ helper, hello, seccomp: { directory: sources } });
      return seccompRevision();
    };
    expect(revision('one')).toMatch(/^[0-9a-f]{64}$/);
    expect(revision('one')).not.toBe(revision('two'));
    setAssets({ helper, hello, seccomp });
    expect(seccompRevision()).toBe('noted');
  });

  it('name the missing file', () => {
    setAssets({ helper: join(directory, 'missing'), hello, seccomp });
    expect(() => assetBytes('helper')).toThrow(
      `cannot read ${join(directory, 'missing')}, a part of this program`,
    );
  });
});
