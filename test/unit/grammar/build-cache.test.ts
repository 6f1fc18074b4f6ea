import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectCacheSource, collectCacheTarget } from '../../../src/grammar/build-cache.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const app = { kind: 'registry', reference: 'team/app:cache', insecure: false };
const usual = { mode: 'min', compression: { kind: 'gzip' }, ignoresErrors: false };

describe('--cache-from', () => {
  it.each([
    ['team/app:cache', [app]],
    ['team/app:cache,other', [app, { ...app, reference: 'other' }]],
    ['type=registry,ref=team/app:cache', [app]],
    ['type=registry,ref=team/app:cache,registry.insecure=true', [{ ...app, insecure: true }]],
    ['type=local,src=c', [{ kind: 'local', directory: resolve('c'), digest: undefined }]],
    [`type=local,src=/c,digest=${DIGEST}`, [{ kind: 'local', directory: '/c', digest: DIGEST }]],
  ])('reads %s', (text, sources) => {
    expect(collectCacheSource(text)).toEqual(sources);
  });

  it('is collected in its order', () => {
    expect(collectCacheSource('b', collectCacheSource('a'))).toMatchObject([
      { reference: 'a' },
      { reference: 'b' },
    ]);
  });

  it.each([
    ['type=gha', 'unsupported', 'registry or local'],
    ['type=s3,bucket=x', 'unsupported', 'registry or local'],
    ['type=azblob', 'unsupported', 'registry or local'],
    ['type=floppy', 'invalid', 'registry or local'],
    ['ref=x', 'invalid', 'registry or local'],
    ['type=inline', 'invalid', 'read by its name'],
    ['type=registry', 'invalid', 'ref=NAME'],
    ['type=local', 'invalid', 'src=DIRECTORY'],
    ['type=local,dest=x', 'invalid', '"dest" is none of its fields: src, digest'],
    ['type=registry,ref=x,registry.insecure=maybe', 'invalid', 'neither true nor false'],
  ])('refuses %s', (text, kind, hint) => {
    expect(() => collectCacheSource(text)).toThrow(
      expect.objectContaining({ kind, hint: expect.stringContaining(hint) }),
    );
  });

  it.each(['', 'x/UPPER', 'type=local,src=/c,digest=sha256:1', 'type=registry,ref=a b'])(
    'refuses "%s"',
    (text) => {
      expect(() => collectCacheSource(text)).toThrow(expect.objectContaining({ kind: 'invalid' }));
    },
  );
});

describe('--cache-to', () => {
  it.each([
    ['team/app:cache', { ...app, ...usual }],
    ['type=registry,ref=team/app:cache,mode=max', { ...app, ...usual, mode: 'max' }],
    ['type=registry,ref=team/app:cache,oci-mediatypes=true,image-manifest=true', { ...app, ...usual }],
    [
      'type=local,dest=/c,compression=uncompressed,ignore-error=true',
      { kind: 'local', directory: '/c', mode: 'min', compression: { kind: 'none' }, ignoresErrors: true },
    ],
    [
      'type=registry,ref=team/app:cache,compression=zstd,compression-level=19,force-compression=true',
      { ...app, ...usual, compression: { kind: 'zstd', level: 19 } },
    ],
    ['type=inline', { kind: 'inline', ...usual }],
  ])('reads %s', (text, target) => {
    expect(collectCacheTarget(text)).toEqual([target]);
  });

  it.each([
    ['type=gha', 'unsupported', 'registry, local or inline'],
    ['type=inline,mode=max', 'invalid', 'its own layers'],
    ['type=local,dest=/c,mode=all', 'invalid', 'min or max'],
    ['type=local,dest=/c,compression=xz', 'invalid', 'gzip, zstd, uncompressed'],
    ['type=local,dest=/c,compression=zstd,compression-level=23', 'invalid', 'from 1 to 22'],
    ['type=local,dest=/c,compression=estargz', 'unsupported', 'gzip, zstd, uncompressed'],
    ['type=local,src=/c', 'invalid', '"src" is none of its fields'],
    ['type=local', 'invalid', 'dest=DIRECTORY'],
    ['type=registry,ref=x,image-manifest=false', 'invalid', 'image-manifest is true'],
    ['team/app,other', 'invalid', undefined],
  ])('refuses %s', (text, kind, hint) => {
    const expected = hint === undefined ? { kind } : { kind, hint: expect.stringContaining(hint) };
    expect(() => collectCacheTarget(text)).toThrow(expect.objectContaining(expected));
  });
});
