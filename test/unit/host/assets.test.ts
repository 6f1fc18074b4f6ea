import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assetBytes, helperDigest, setAssets } from '../../../src/host/assets.ts';

const directory = mkdtempSync(join(tmpdir(), 'assets-'));
const helper = join(directory, 'helper');
const hello = join(directory, 'hello');
afterAll(() => rmSync(directory, { recursive: true }));

describe('assets', () => {
  it('are missing until the entry names them', () => {
    expect(() => assetBytes('helper')).toThrow('started without its assets');
  });

  it('are read from where the entry says they are', () => {
    writeFileSync(helper, 'abc');
    writeFileSync(hello, 'hello');
    setAssets({ helper, hello });
    expect(Buffer.from(assetBytes('hello')).toString()).toBe('hello');
  });

  it('compute the digest of the helper when the build noted none', () => {
    setAssets({ helper, hello });
    expect(helperDigest()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('take the noted digest without reading the helper', () => {
    setAssets({ helper: join(directory, 'missing'), hello, helperDigest: 'noted' });
    expect(helperDigest()).toBe('noted');
  });

  it('name the missing file', () => {
    setAssets({ helper: join(directory, 'missing'), hello });
    expect(() => assetBytes('helper')).toThrow(
      `cannot read ${join(directory, 'missing')}, a part of this program`,
    );
  });
});
