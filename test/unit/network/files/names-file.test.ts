import { describe, expect, it } from 'vitest';
import { namesOf, namesText } from '../../../../src/network/files/names-file.ts';
import { resolverText } from '../../../../src/network/files/resolver-config.ts';
import { CONTAINER_ID } from '../definitions.ts';

const called = {
  name: 'Web',
  containerId: CONTAINER_ID,
  hostname: 'fedcba987654',
  aliases: ['WWW', 'web'],
  network: 'Shop',
};

describe('the names of an endpoint', () => {
  it('are name, aliases, short id and host name, each once and in lower case', () => {
    expect(namesOf(called)).toEqual({ names: ['web', 'www', 'fedcba987654'], reverse: ['web.shop'] });
    expect(namesOf({ ...called, hostname: 'Front' }).names).toContain('front');
  });

  it('are lines', () => {
    expect(namesText({ addresses: ['172.18.0.2', 'fd00:1::2'], ...namesOf(called) })).toBe(
      'address 172.18.0.2\naddress fd00:1::2\nname web\nname www\nname fedcba987654\nreverse web.shop\n',
    );
  });

  it.each(['', 'a b', 'a\nname b', 'a\0'])('cannot be %j', (name) => {
    expect(() => namesText({ addresses: [], names: [name], reverse: [] })).toThrow(
      expect.objectContaining({ kind: 'invalid', subject: name }),
    );
  });
});

describe('the file of a resolver', () => {
  it('says what it may tell and whom it may ask', () => {
    const config = {
      networks: ['n1', 'n2'],
      aliases: [{ name: 'DB', other: 'Postgres' }],
      upstreams: ['192.0.2.53', 'fd00::53'],
      forward: 'host' as const,
    };
    expect(resolverText(config)).toBe(
      'network n1\nnetwork n2\nalias db postgres\nupstream 192.0.2.53\nupstream fd00::53\nforward host\n',
    );
  });
});
