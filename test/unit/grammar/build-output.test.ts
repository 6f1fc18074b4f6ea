import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseBuildOutput } from '../../../src/grammar/build-output.ts';

describe('--output', () => {
  it.each([
    ['out', { type: 'local', directory: resolve('out') }],
    ['-', { type: 'tar', file: undefined }],
    ['type=local,dest=/x', { type: 'local', directory: '/x' }],
    ['type=tar', { type: 'tar', file: undefined }],
    ['type=tar,dest=-', { type: 'tar', file: undefined }],
    ['type=tar,"dest=a,b.tar"', { type: 'tar', file: 'a,b.tar' }],
    ['type=oci,dest=x.tar', { type: 'oci', file: 'x.tar', form: {} }],
    ['type=oci,tar=false,dest=/l', { type: 'oci-layout', directory: '/l', form: {} }],
    ['type=docker', { type: 'image', push: false, form: {} }],
    ['type=docker,dest=x.tar', { type: 'docker', file: 'x.tar', form: {} }],
    ['type=image', { type: 'image', push: false, form: {} }],
    ['type=image,push=true', { type: 'image', push: true, form: {} }],
    ['type=registry', { type: 'image', push: true, form: {} }],
    ['type=image,rewrite-timestamp=true', { type: 'image', push: false, form: {}, rewritesTimes: true }],
    ['type=image,rewrite-timestamp=false', { type: 'image', push: false, form: {} }],
    ['type=cacheonly', { type: 'cacheonly' }],
    ['type=image,unpack=true,store=true,push-by-digest=false', { type: 'image', push: false, form: {} }],
    [
      'type=image,"name=a,b:1",compression=zstd,compression-level=19,force-compression=true',
      {
        type: 'image',
        push: false,
        form: { names: ['a', 'b:1'], compression: { kind: 'zstd', level: 19, all: true } },
      },
    ],
    [
      'type=oci,dest=x,compression=uncompressed,annotation.a=b,annotation-manifest.c.d=e=f',
      {
        type: 'oci',
        file: 'x',
        form: { compression: { kind: 'none' }, annotations: { a: 'b', 'c.d': 'e=f' } },
      },
    ],
    [
      'type=registry,oci-mediatypes=false,compression-level=0',
      { type: 'image', push: true, form: { types: 'docker', compression: { kind: 'gzip', level: 0 } } },
    ],
  ])('reads %s', (text, output) => {
    expect(parseBuildOutput(text)).toEqual(output);
  });

  it.each([
    ['', 'invalid output ""'],
    ['type=local', 'invalid output "type=local"'],
    ['type=oci,tar=false', 'invalid output'],
    ['type=floppy', 'invalid output'],
    ['type=constructor', 'invalid output'],
    ['type=image,toString=x', 'invalid output'],
    ['dest=x', 'invalid output'],
    ['type=image,dest=x', 'invalid output'],
    ['type=tar,push=true', 'invalid output'],
    ['type=image,push=perhaps', 'invalid output'],
    ['type=tar,compression=zstd', 'invalid output'],
    ['type=image,compression=xz', 'invalid output'],
    ['type=image,compression=estargz', 'estargz'],
    ['type=image,compression=gzip,compression-level=10', 'invalid output'],
    ['type=image,compression=zstd,compression-level=0', 'invalid output'],
    ['type=image,compression=uncompressed,compression-level=1', 'invalid output'],
    ['type=image,compression-level=high', 'invalid output'],
    ['type=image,force-compression=1', 'invalid output'],
    ['type=image,store=false', 'there is no store=false'],
    ['type=image,unpack=false', 'there is no unpack=false'],
    ['type=image,registry.insecure=true', 'there is no registry.insecure=true'],
    ['type=image,dangling-name-prefix=x', 'there is no dangling-name-prefix=x'],
    ['type=image,annotation-index.a=b', 'indexes have no annotations'],
    ['type=image,annotation-manifest[linux/arm64].a=b', 'cannot be of manifest[linux/arm64]'],
    ['type=image,annotation-config.a=b', 'invalid output'],
    ['type=image,oci-mediatypes=false,annotation.a=b', 'invalid output'],
    ['type=image,oci-mediatypes=false,compression=zstd', 'invalid output'],
    ['type=oci,oci-mediatypes=false', 'invalid output'],
    ['type=docker,tar=false,dest=x', 'invalid output'],
    ['type=cacheonly,dest=x', 'invalid output'],
    ['type=local,dest=x,name=y', 'invalid output'],
    ['type=tar,dest', 'invalid output'],
  ])('refuses "%s"', (text, message) => {
    expect(() => parseBuildOutput(text)).toThrow(message);
  });
});
