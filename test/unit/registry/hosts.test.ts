import { describe, expect, test } from 'vitest';
import { HostPolicy } from '../../../src/registry/hosts.ts';
import { proxyFor } from '../../../src/registry/proxy.ts';

function url(host: string): URL {
  return new URL(`https://${host}/`);
}

describe('plain HTTP', () => {
  test.each(['localhost', 'localhost:5000', '127.0.0.1', '127.8.9.1:5000', '[::1]:5000'])(
    'is acceptable for %s, which is this machine',
    (host) => {
      const policy = new HostPolicy([]);
      expect(policy.mayBePlain(url(host))).toBe(true);
      expect(policy.isInsecure(url(host))).toBe(false);
    },
  );

  test.each(['registry.example', 'localhost.example', '127.0.0.1.example', '10.0.0.1', '[::2]'])(
    'is not acceptable for %s',
    (host) => {
      expect(new HostPolicy([]).mayBePlain(url(host))).toBe(false);
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
  ])('with %s named insecure, %s is: %s', (entry, host, insecure) => {
    expect(new HostPolicy([entry]).isInsecure(url(host))).toBe(insecure);
  });

  test.each(['registry.example/path', '10.0.0.0/33', '/8'])('cannot be allowed for %j', (entry) => {
    expect(() => new HostPolicy([entry])).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });
});

describe('the proxy', () => {
  const proxied = { HTTPS_PROXY: 'http://secure.proxy:3128', http_proxy: 'plain.proxy:3128' };

  test.each([
    ['https://registry.example/', {}, undefined],
    ['https://registry.example/', proxied, 'http://secure.proxy:3128/'],
    ['http://registry.example/', proxied, 'http://plain.proxy:3128/'],
    ['https://localhost:5000/', proxied, undefined],
    ['https://127.0.0.1/', proxied, undefined],
    ['https://registry.example/', { ...proxied, NO_PROXY: '*' }, undefined],
    ['https://registry.example/', { ...proxied, NO_PROXY: 'other, registry.example' }, undefined],
    ['https://registry.example/', { ...proxied, no_proxy: 'example' }, undefined],
    ['https://registry.example/', { ...proxied, NO_PROXY: '.example' }, undefined],
    ['https://registry.example/', { ...proxied, NO_PROXY: '*.example' }, undefined],
    ['https://registry.example:5000/', { ...proxied, NO_PROXY: 'registry.example:5000' }, undefined],
    ['https://registry.example/', { ...proxied, NO_PROXY: 'gistry.example' }, 'http://secure.proxy:3128/'],
  ])('for %s with %j is %s', (target, environment, expected) => {
    expect(proxyFor(new URL(target), environment)?.href).toBe(expected);
  });
});
