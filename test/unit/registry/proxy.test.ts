import { describe, expect, test } from 'vitest';
import { proxyFor, shownProxies } from '../../../src/registry/proxy.ts';

const PROXIED = { HTTPS_PROXY: 'http://secure.proxy:3128', http_proxy: 'plain.proxy:3128' };
const SECURE = 'http://secure.proxy:3128/';

function choose(target: string, environment: Record<string, string>): string | undefined {
  return proxyFor(new URL(target), environment)?.href;
}

describe('the proxy', () => {
  test.each([
    ['https://registry.example/', {}, undefined],
    ['https://registry.example/', PROXIED, SECURE],
    ['http://registry.example/', PROXIED, 'http://plain.proxy:3128/'],
    ['http://registry.example/', { HTTPS_PROXY: 'http://p:1' }, undefined],
    ['https://registry.example/', { HTTP_PROXY: 'http://p:1' }, undefined],
    [
      'https://registry.example/',
      { HTTPS_PROXY: 'http://capital:1', https_proxy: 'http://small:1' },
      'http://capital:1/',
    ],
    ['https://registry.example/', { ALL_PROXY: 'http://p:1', all_proxy: 'http://p:1' }, undefined],
    ['https://registry.example/', { HTTPS_PROXY: 'https://p:1' }, 'https://p:1/'],
    ['https://registry.example/', { HTTPS_PROXY: 'http://' }, undefined],
  ])('for %s with %j is %s', (target, environment, expected) => {
    expect(choose(target, environment)).toBe(expected);
  });

  test.each(['localhost', 'localhost:5000', '127.0.0.1', '127.8.9.1:80', '[::1]:5000'])(
    'is never one for %s, which is this machine',
    (host) => {
      const everywhere = { ...PROXIED, HTTP_PROXY: 'http://p:1', ALL_PROXY: 'http://p:1' };
      expect(choose(`https://${host}/`, everywhere)).toBeUndefined();
      expect(choose(`http://${host}/`, everywhere)).toBeUndefined();
    },
  );

  test('that speaks something else than HTTP is refused by the name of its variable', () => {
    expect(() => choose('https://registry.example/', { https_proxy: 'socks5://p:1080' })).toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        message: 'HTTPS_PROXY names a proxy for socks5, not for HTTP',
      }),
    );
  });
});

describe('NO_PROXY', () => {
  test.each([
    ['*', 'registry.example', true],
    ['other, registry.example', 'registry.example', true],
    ['Registry.Example', 'registry.example', true],
    ['other registry.example', 'registry.example', false],
    ['example', 'registry.example', true],
    ['registry.example', 'registry.example', true],
    ['.example', 'registry.example', true],
    ['*.example', 'registry.example', true],
    ['.registry.example', 'registry.example', false],
    ['*.registry.example', 'registry.example', false],
    ['.registry.example', 'a.registry.example', true],
    ['gistry.example', 'registry.example', false],
    ['registry.example:5000', 'registry.example:5000', true],
    ['registry.example:5000', 'registry.example:5001', false],
    ['registry.example:5000', 'registry.example', false],
    ['registry.example:443', 'registry.example', true],
    ['registry.example', 'registry.example:5000', true],
    ['.example:5000', 'registry.example:5000', true],
    ['10.0.0.0/8', '10.1.2.3:5000', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.0.0.0/8', 'registry.example', false],
    ['10.1.2.3', '10.1.2.3:5000', true],
    ['10.1.2.3:5000', '10.1.2.3:5000', true],
    ['10.1.2.3:5001', '10.1.2.3:5000', false],
    ['fd00::/8', '[fd12::1]:5000', true],
    ['fd00::/8', '[fe80::1]:5000', false],
    ['fd12::1', '[fd12::1]:5000', true],
    ['fd12:0:0::1', '[fd12::1]', true],
    ['[fd12::1]:5000', '[fd12::1]:5000', true],
    ['[fd12::1]:5001', '[fd12::1]:5000', false],
    [':5000', 'registry.example:5000', false],
    [',,', 'registry.example', false],
  ])('of %j exempts %s: %s', (list, host, exempt) => {
    const expected = exempt ? undefined : SECURE;
    expect(choose(`https://${host}/`, { ...PROXIED, NO_PROXY: list })).toBe(expected);
    expect(choose(`https://${host}/`, { ...PROXIED, no_proxy: list })).toBe(expected);
  });
});

test.each([
  ['http://proxy:3128', 'http://proxy:3128'],
  ['http://somebody:secret@proxy:3128', 'http://xxxxx:xxxxx@proxy:3128'],
  ['https://somebody:s@/cret@proxy', 'https://xxxxx:xxxxx@proxy'],
  ['somebody@proxy:3128', 'xxxxx:xxxxx@proxy:3128'],
  ['', ''],
])('a proxy is shown without who asks it: %s', (given, shown) => {
  expect(shownProxies({ https_proxy: given, NO_PROXY: 'a,b' })).toEqual({
    HTTP_PROXY: '',
    HTTPS_PROXY: shown,
    NO_PROXY: 'a,b',
  });
});
