import { describe, expect, it } from 'vitest';
import { checkInterfaceName, hostInterface, macOf } from '../../../src/network/interface-name.ts';

const ID = '0123456789abcdef'.repeat(4);

describe('the name of an interface in a container', () => {
  it.each(['eth0', 'a', 'fifteen-bytes-x', 'ü'.repeat(7)])('may be %s', (name) => {
    expect(() => checkInterfaceName(name)).not.toThrow();
  });

  it.each(['', 'sixteen-letters-', 'ü'.repeat(8), 'a b', 'a/b', 'a:0', '.', '..', 'lo', 'all', 'default'])(
    'cannot be "%s"',
    (name) => {
      expect(() => checkInterfaceName(name)).toThrow(
        expect.objectContaining({ kind: 'invalid', message: `"${name}" cannot be the name of an interface` }),
      );
    },
  );
});

describe("the host's end of it", () => {
  it('is called after the container and the number of a usual name', () => {
    expect(hostInterface(ID, 'eth0')).toBe('sk0123456789-0');
    expect(hostInterface(ID, 'eth12')).toBe('sk0123456789-12');
  });

  it('fits the kernel, and is another one for another name, also where that ends in the same number', () => {
    const names = ['eth0', 'eth1', 'eth10', 'eth100', 'lan0', 'lan1', 'uplink10', 'front', 'fifteen-bytes-x'];
    const ends = names.map((name) => hostInterface(ID, name));
    expect(ends.filter((end) => Buffer.byteLength(end) > 15)).toEqual([]);
    expect(new Set(ends).size).toBe(names.length);
  });
});

describe('its MAC address', () => {
  it('is made of the IPv4 address', () => {
    expect(macOf(ID, 'eth0', '172.17.0.2')).toBe('02:42:ac:11:00:02');
  });

  it('is made of container and name where there is none, and is the same each time', () => {
    const mac = macOf(ID, 'front', undefined);
    expect(mac).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(macOf(ID, 'front', undefined)).toBe(mac);
    expect(macOf(ID, 'back', undefined)).not.toBe(mac);
    expect(macOf(`f${ID.slice(1)}`, 'front', undefined)).not.toBe(mac);
  });
});
