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
    ['type=oci,dest=x.tar', { type: 'oci', file: 'x.tar' }],
    ['type=oci,tar=false,dest=/l', { type: 'oci-layout', directory: '/l' }],
    ['type=docker', { type: 'image', push: false }],
    ['type=docker,dest=x.tar', { type: 'docker', file: 'x.tar' }],
    ['type=image', { type: 'image', push: false }],
    ['type=image,push=true', { type: 'image', push: true }],
    ['type=registry', { type: 'image', push: true }],
  ])('reads %s', (text, output) => {
    expect(parseBuildOutput(text)).toEqual(output);
  });

  it.each([
    ['', 'invalid output ""'],
    ['type=local', 'invalid output "type=local"'],
    ['type=oci,tar=false', 'invalid output'],
    ['type=floppy', 'invalid output'],
    ['dest=x', 'invalid output'],
    ['type=image,dest=x', 'invalid output'],
    ['type=tar,push=true', 'invalid output'],
    ['type=image,push=perhaps', 'invalid output'],
    ['type=image,compression=zstd', 'invalid output'],
    ['type=tar,dest', 'invalid output'],
  ])('refuses "%s"', (text, message) => {
    expect(() => parseBuildOutput(text)).toThrow(message);
  });
});
