import { describe, expect, test } from 'vitest';
import { HostPolicy } from '../../../src/registry/hosts.ts';

function url(host: string): URL {
  return new URL(`https://${host}/`);
}

describe('plain HTTP or any certificate', () => {
  test.each(['localhost', 'localhost:5000', '127.0.0.1', '127.8.9.1:5000', '[::1]:5000'])(
    'is acceptable for %s, which is this machine',
    (host) => {
      expect(new HostPolicy([]).isInsecure(url(host))).toBe(true);
    },
  );

  test.each(['registry.example', 'localhost.example', '127.0.0.1.example', '10.0.0.1', '[::2]'])(
    'is not acceptable for %s',
    (host) => {
      expect(new HostPolicy([]).isInsecure(url(host))).toBe(false);
    },
  );

  test.each([
    ['registry.example', 'registry.example', true],
    ['Registry.Example', 'registry.example', true],
    ['registry.example', 'registry.example:5000', false],
    ['registry.example:5000', 'registry.example:5000', true],
    ['registry.example:5000', 'registry.example', false],
    ['registry.example:443', 'registry.example', true],
    ['10.0.0.0/8', '10.1.2.3:5000', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['fd00::/8', '[fd12::1]:5000', true],
    ['10.0.0.0/8', 'registry.example', false],
    ['0.0.0.0/0', '11.1.2.3:5000', true],
    ['10.9.9.9/8', '10.1.2.3', true],
    ['10.0.0.0/8', '[fd12::1]', false],
  ])('with %s named insecure, %s is: %s', (entry, host, insecure) => {
    expect(new HostPolicy([entry]).isInsecure(url(host))).toBe(insecure);
  });

  test.each([
    'registry.example/path',
    'https://registry.example',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/x',
    '/8',
  ])('cannot be allowed for %j', (entry) => {
    expect(() => new HostPolicy([entry])).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });
});
