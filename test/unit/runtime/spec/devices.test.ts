import { describe, expect, it } from 'vitest';
import { hostDevices, mapDevices, parseDeviceRule } from '../../../../src/runtime/spec/devices.ts';
import { devicePart } from '../../../../src/runtime/spec/devices-part.ts';
import {
  containerOptions,
  device,
  hostDevicesOf,
  hostFacts,
  ID_MAPS,
  namespaceOptions,
} from '../container-options.ts';

const DIRECTORY = { kind: 'directory' } as const;
const HOST = hostDevicesOf({
  '/dev': DIRECTORY,
  '/dev/sda': device('b', 8, 0),
  '/dev/null': device('c', 1, 3, 0o666),
  '/dev/ptmx': device('c', 5, 2, 0o666),
  '/dev/console': device('c', 5, 1),
  '/dev/cdrom': '-> /dev/sr0',
  '/dev/sr0': device('b', 11, 0),
  '/dev/log': { kind: 'other' },
  '/dev/snd': DIRECTORY,
  '/dev/snd/seq': device('c', 116, 1),
  '/dev/snd/by-path': DIRECTORY,
  '/dev/snd/by-path/card': '-> /dev/snd/control',
  '/dev/snd/control': device('c', 116, 2),
  '/dev/snd/loop': '-> /dev/snd',
  '/dev/pts': DIRECTORY,
  '/dev/pts/0': device('c', 136, 0),
  '/dev/empty': DIRECTORY,
});

function map(host: string, { container = host, access = 'rwm' } = {}) {
  return mapDevices({ host, container, access }, HOST);
}

describe('mapDevices', () => {
  it('takes numbers, mode and owner over', () => {
    expect(map('/dev/sda', { container: '/dev/disk' })).toEqual([
      {
        source: '/dev/sda',
        path: '/dev/disk',
        type: 'b',
        major: 8,
        minor: 0,
        fileMode: 0o660,
        uid: 0,
        gid: 6,
      },
    ]);
  });

  it('follows a link to the device that it names', () => {
    expect(map('/dev/cdrom')).toMatchObject([{ path: '/dev/cdrom', major: 11 }]);
  });

  it('takes all devices below a directory, but no way around through links', () => {
    expect(map('/dev/snd', { container: '/dev/audio' }).map(({ path }) => path)).toEqual([
      '/dev/audio/seq',
      '/dev/audio/by-path/card',
      '/dev/audio/control',
    ]);
  });

  it.each([
    ['/dev/nothing', 'notFound', 'device /dev/nothing does not exist on the host'],
    ['/dev/log', 'invalid', 'device /dev/log cannot be added: it is neither a device nor a directory'],
    ['/dev/empty', 'invalid', 'device /dev/empty cannot be added: it has no devices in it'],
    ['dev/sda', 'invalid', 'device dev/sda cannot be added: its paths are not absolute'],
  ])('refuses %s', (host, kind, message) => {
    expect(() => map(host)).toThrow(expect.objectContaining({ kind, message, subject: host }));
  });

  it.each(['', 'x', 'rwx', 'rwmr'])('refuses "%s" as an access', (access) => {
    expect(() => map('/dev/sda', { access })).toThrow(`"${access}" is not an access to it`);
  });
});

describe('hostDevices', () => {
  it("are those of the host's /dev but for its console, links and directories of its own", () => {
    expect(hostDevices(HOST).map(({ path }) => path)).toEqual([
      '/dev/sda',
      '/dev/null',
      '/dev/ptmx',
      '/dev/sr0',
      '/dev/snd/seq',
      '/dev/snd/control',
    ]);
  });
});

describe('parseDeviceRule', () => {
  it.each([
    ['c 1:3 rwm', { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }],
    ['b 8:* r', { allow: true, type: 'b', major: 8, access: 'r' }],
    ['c *:* m', { allow: true, type: 'c', access: 'm' }],
    ['a', { allow: true, type: 'a', access: 'rwm' }],
    ['a 1:2 r', { allow: true, type: 'a', access: 'rwm' }],
  ])('reads %s as the kernel does', (text, rule) => {
    expect(parseDeviceRule(text)).toEqual(rule);
  });

  it.each(['', 'c', 'c 1:3', 'c 1 rwm', 'x 1:3 rwm', 'c 1:3 rwmx', 'c -1:3 r', 'c  1:3 r', 'c 1:3 r\n'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseDeviceRule(text)).toThrow(
        expect.objectContaining({ kind: 'invalid', message: `invalid device cgroup rule "${text}"` }),
      );
    },
  );
});

describe('devicePart', () => {
  const facts = (deviceControl: boolean) => hostFacts({ devices: HOST, deviceControl });
  const part = (changes: Parameters<typeof containerOptions>[0], deviceControl = true) =>
    devicePart(containerOptions(changes), facts(deviceControl));
  const asking = (...devices: { host: string; container: string; access: string }[]) => ({
    devices: { devices, cgroupRules: [] },
  });
  const SDA = { host: '/dev/sda', container: '/dev/sda', access: 'r' };

  it('denies everything, then lets any node be made and the default ones be opened', () => {
    const { nodes, rules, binds } = part({});
    expect(nodes.map(({ path }) => path)).toEqual([
      '/dev/null',
      '/dev/zero',
      '/dev/full',
      '/dev/random',
      '/dev/urandom',
      '/dev/tty',
    ]);
    expect(binds).toEqual([]);
    expect(rules?.[0]).toEqual({ allow: false, access: 'rwm' });
    const words = rules
      ?.slice(1)
      .map(({ type, major = '*', minor = '*', access }) => `${type} ${major}:${minor} ${access}`);
    expect(words?.sort()).toEqual([
      'b *:* m',
      'c *:* m',
      'c 136:* rwm',
      'c 1:3 rwm',
      'c 1:5 rwm',
      'c 1:7 rwm',
      'c 1:8 rwm',
      'c 1:9 rwm',
      'c 5:0 rwm',
      'c 5:1 rwm',
      'c 5:2 rwm',
    ]);
  });

  it('adds nodes and rules for what is asked for', () => {
    const { nodes, rules } = part({ devices: { devices: [SDA], cgroupRules: ['c 10:* rw'] } });
    expect(nodes.at(-1)).toEqual({
      path: '/dev/sda',
      type: 'b',
      major: 8,
      minor: 0,
      fileMode: 0o660,
      uid: 0,
      gid: 6,
    });
    expect(rules?.slice(-2)).toEqual([
      { allow: true, type: 'b', major: 8, minor: 0, access: 'r' },
      { allow: true, type: 'c', major: 10, access: 'rw' },
    ]);
  });

  it('gives a privileged container the devices of the host, once each, and allows all', () => {
    const { nodes, rules } = part({ security: { privileged: true } });
    const paths = nodes.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['/dev/sda', '/dev/snd/seq', '/dev/tty']));
    expect(paths).not.toContain('/dev/ptmx');
    expect(new Set(paths).size).toBe(paths.length);
    expect(rules).toEqual([{ allow: true, access: 'rwm' }]);
  });

  it('binds a device under another name where a user namespace can make no node', () => {
    const namespaces = namespaceOptions({ user: ID_MAPS });
    const { nodes, binds } = part({ namespaces, ...asking({ ...SDA, container: '/dev/xvda' }) });
    expect(nodes).toHaveLength(6);
    expect(binds).toEqual([
      { destination: '/dev/xvda', type: 'bind', source: '/dev/sda', options: ['bind', 'rprivate'] },
    ]);
    expect(part({ namespaces, ...asking(SDA) }).nodes.at(-1)).toMatchObject({ path: '/dev/sda' });
  });

  it('has no rules where none can be enforced, and refuses what only they could do', () => {
    expect(part({}, false).rules).toBeUndefined();
    expect(part(asking({ ...SDA, access: 'mwr' }), false).nodes).toHaveLength(7);
    const refused = [
      asking(SDA),
      asking({ ...SDA, access: 'rwm', container: '/sda' }),
      { devices: { devices: [], cgroupRules: ['c 1:3 r'] } },
    ];
    for (const changes of refused) {
      expect(() => part(changes, false)).toThrow(
        expect.objectContaining({
          kind: 'unsupported',
          message: expect.stringContaining('controller "devices"'),
        }),
      );
    }
    expect(part({ security: { privileged: true }, ...asking(SDA) }, false).rules).toBeUndefined();
  });
});
