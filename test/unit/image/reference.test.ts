import { describe, expect, test } from 'vitest';
import {
  familiarReference,
  familiarRepository,
  formatReference,
  imageIdPrefix,
  parseReference,
} from '../../../src/image/reference.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

describe('a reference', () => {
  // what is written → canonical, familiar
  test.each([
    ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
    ['library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['index.docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['index.docker.io/ada/app', 'docker.io/ada/app:latest', 'ada/app:latest'],
    ['ada/app', 'docker.io/ada/app:latest', 'ada/app:latest'],
    ['library/ada/app', 'docker.io/library/ada/app:latest', 'library/ada/app:latest'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
    ['localhost:5000/x', 'localhost:5000/x:latest', 'localhost:5000/x:latest'],
    ['localhost:5000', 'docker.io/library/localhost:5000', 'localhost:5000'],
    ['registry.example/a/b/c:v1', 'registry.example/a/b/c:v1', 'registry.example/a/b/c:v1'],
    ['Registry/app', 'Registry/app:latest', 'Registry/app:latest'],
    ['127.0.0.1:5000/app', '127.0.0.1:5000/app:latest', '127.0.0.1:5000/app:latest'],
    ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
    ['[fe80::a]/app:t', '[fe80::a]/app:t', '[fe80::a]/app:t'],
    ['xn--7o8h.example/app', 'xn--7o8h.example/app:latest', 'xn--7o8h.example/app:latest'],
    ['docker.io/localhost/x', 'docker.io/localhost/x:latest', 'docker.io/localhost/x:latest'],
    [`busybox@${DIGEST}`, `docker.io/library/busybox@${DIGEST}`, `busybox@${DIGEST}`],
    [`a/b:t@${DIGEST}`, `docker.io/a/b:t@${DIGEST}`, `a/b:t@${DIGEST}`],
    ['a__b/c---d/e.f/g_h', 'docker.io/a__b/c---d/e.f/g_h:latest', 'a__b/c---d/e.f/g_h:latest'],
    ['app:_Tag.With-All', 'docker.io/library/app:_Tag.With-All', 'app:_Tag.With-All'],
    [`app:${'t'.repeat(128)}`, `docker.io/library/app:${'t'.repeat(128)}`, `app:${'t'.repeat(128)}`],
    [`x.io/${'p'.repeat(255)}`, `x.io/${'p'.repeat(255)}:latest`, `x.io/${'p'.repeat(255)}:latest`],
  ])('%s is read, and both its forms lead back to it', (text, canonical, familiar) => {
    const reference = parseReference(text);
    expect(formatReference(reference)).toBe(canonical);
    expect(familiarReference(reference)).toBe(familiar);
    expect(parseReference(canonical)).toEqual(reference);
    expect(parseReference(familiar)).toEqual(reference);
  });

  test.each([
    [''],
    [':tag'],
    ['app:'],
    ['app@'],
    ['/app'],
    ['app/'],
    ['a//b'],
    ['-app'],
    ['app-'],
    ['a..b'],
    ['a._b'],
    ['a___b'],
    ['app:tag:tag'],
    ['app:-tag'],
    ['app:tag/more'],
    ['app tag'],
    [' app'],
    ['app\n'],
    ['äpp'],
    ['https://registry.example/app'],
    ['-bad.example/app'],
    ['bad-.example/app'],
    ['registry.example:port/app'],
    ['[::1/app'],
    ['[::1%eth0]:5000/app'],
    ['user@registry.example/app'],
    ['..%2f/app'],
    ['registry.example/../app'],
    ['app@sha256:abcd'],
    [`app@sha256:${'AB'.repeat(32)}`],
    [`app@md5:${'ab'.repeat(16)}`],
    [`app@${DIGEST}:tag`],
    ['ab'.repeat(32)],
    [`x.io/${'p'.repeat(256)}`],
    [`app:${'t'.repeat(129)}`],
  ])('%j is refused', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  test.each([
    ['Busybox', 'the repository name must be lower case'],
    ['registry.example/App', 'the repository name must be lower case'],
    [`app:${'t'.repeat(129)}`, 'the tag is longer than 128 characters'],
    [`x.io/${'p'.repeat(256)}`, 'the repository name is longer than 255 bytes'],
    ['ab'.repeat(32), 'it has the form of an image id'],
    ['a b', 'it must look like [registry[:port]/]name[:tag][@digest]'],
  ])('%s is refused with the rule that it breaks', (text, reason) => {
    expect(() => parseReference(text)).toThrow(`image name ${JSON.stringify(text)} is not valid: ${reason}`);
  });

  test('has a familiar name without tag and digest', () => {
    expect(familiarRepository(parseReference(`busybox:1@${DIGEST}`))).toBe('busybox');
    expect(familiarRepository(parseReference('localhost:5000/x:1'))).toBe('localhost:5000/x');
  });
});

describe('an image id', () => {
  test.each([
    ['cafe', 'cafe'],
    ['sha256:cafe', 'cafe'],
    [DIGEST, 'ab'.repeat(32)],
    ['ab'.repeat(32), 'ab'.repeat(32)],
  ])('%s is one, or the beginning of one', (text, prefix) => {
    expect(imageIdPrefix(text)).toBeDefined();
    expect(imageIdPrefix(text)).toBe(prefix);
  });

  test.each(['', 'CAFE', 'busybox', 'cafe:latest', 'sha512:cafe', 'ab'.repeat(33)])('%j is none', (text) => {
    expect(imageIdPrefix(text)).toBeUndefined();
    expect(imageIdPrefix(text)).toBeUndefined();
  });
});
