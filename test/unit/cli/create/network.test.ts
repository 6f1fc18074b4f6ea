import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NetworkOptions } from '../../../../src/engine/options/create.ts';
import { optionsOf } from '../options-of.ts';

const written: string[] = [];
vi.mock('../../../../src/cli/output/print.ts', () => ({ printError: (text: string) => written.push(text) }));
afterEach(() => written.splice(0));

const bridge = { network: 'bridge' };

/** What a command line says of networks. */
async function wishes(...args: string[]) {
  const { namespaces, network } = await optionsOf(...args);
  return { namespace: namespaces.network, network };
}

const IFNAME = 'com.docker.network.endpoint.ifname';

describe('the network of a new container', () => {
  it.each([
    [[]],
    [['--network', 'bridge']],
    [['--net=default']],
    [['--network', 'private']],
    [['--network=']],
  ])('is the default one with %j', async (args) => {
    expect(await wishes(...args)).toEqual({ namespace: 'networks', network: { attachments: [bridge] } });
  });

  it.each([
    ['none', 'none'],
    ['host', 'host'],
    ['container:web', { container: 'web' }],
    ['container:a:b', { container: 'a:b' }],
    ['name=none', 'none'],
    ['name=container:web', { container: 'web' }],
  ])('is none of its own with --network %s', async (text, namespace) => {
    expect(await wishes('--network', text)).toEqual({ namespace });
  });

  it.each<[string[], NetworkOptions['attachments']]>([
    [['--network', 'front'], [{ network: 'front' }]],
    [
      ['--net', 'front', '--net', 'back'],
      [{ network: 'front' }, { network: 'back' }],
    ],
    [
      ['--network', 'bridge', '--network', 'back'],
      [bridge, { network: 'back' }],
    ],
    [
      ['--network', 'name=front,alias=a,alias=b,ip=10.0.0.9,ip6=fd00::9,mac-address=92-D0-C6-0A-29-33'],
      [{ network: 'front', aliases: ['a', 'b'], ip: '10.0.0.9', ip6: 'fd00::9', mac: '92:d0:c6:0a:29:33' }],
    ],
    [
      [
        '--network',
        `gw-priority=-5,name=front, driver-opt=${IFNAME}=b=c,"driver-opt=com.docker.network.endpoint.sysctls=e,f"`,
      ],
      [
        {
          network: 'front',
          gatewayPriority: -5,
          driverOptions: { [IFNAME]: 'b=c', 'com.docker.network.endpoint.sysctls': 'e,f' },
        },
      ],
    ],
    [
      ['--network', 'front:alias=a,alias=b,ip=10.0.0.9,ip=fd00::9,mac=92d0.c60a.2933,interface_name=lan0'],
      [
        {
          network: 'front',
          aliases: ['a', 'b'],
          ip: '10.0.0.9',
          ip6: 'fd00::9',
          mac: '92:d0:c6:0a:29:33',
          interfaceName: 'lan0',
        },
      ],
    ],
    [['--network', 'front:'], [{ network: 'front' }]],
    [['--network', 'bridge:mac=92:d0:c6:0a:29:33'], [{ ...bridge, mac: '92:d0:c6:0a:29:33' }]],
    [['--mac-address', '92:d0:c6:0a:29:33'], [{ ...bridge, mac: '92:d0:c6:0a:29:33' }]],
    [
      [
        '--network',
        'front',
        '--ip',
        '10.0.0.9',
        '--ip6',
        'FD00::9',
        '--network-alias',
        'a',
        '--net-alias',
        'b',
      ],
      [{ network: 'front', aliases: ['a', 'b'], ip: '10.0.0.9', ip6: 'FD00::9' }],
    ],
    [
      ['--network', 'name=front,ip=10.0.0.9', '--network', 'back', '--network-alias', 'a'],
      [{ network: 'front', ip: '10.0.0.9', aliases: ['a'] }, { network: 'back' }],
    ],
  ])('is what %j asks for', async (args, attachments) => {
    expect(await wishes(...args)).toEqual({ namespace: 'networks', network: { attachments } });
  });

  it.each<[string[], Partial<NetworkOptions>]>([
    [
      ['-p', '8080:80'],
      { publish: [{ protocol: 'tcp', containerPort: 80, hostPorts: { first: 8080, last: 8080 } }] },
    ],
    [['-P'], { publishAll: true }],
    [['--publish-all=false'], {}],
    [
      ['--expose', '80', '--expose', '53-54/udp'],
      {
        expose: [
          { protocol: 'tcp', port: 80 },
          { protocol: 'udp', port: 53 },
          { protocol: 'udp', port: 54 },
        ],
      },
    ],
    [
      [
        '--dns',
        '10.0.0.1',
        '--dns',
        'fd00::1',
        '--dns-search',
        'example.org',
        '--dns-opt',
        'ndots:2',
        '--dns-option=rotate',
      ],
      { dns: { servers: ['10.0.0.1', 'fd00::1'], search: ['example.org'], options: ['ndots:2', 'rotate'] } },
    ],
    [['--dns-search', '.'], { dns: { search: ['.'] } }],
    [
      [
        '--add-host',
        'db:10.0.0.5',
        '--add-host=six:fd00::5',
        '--add-host',
        'b=[fd00::6]',
        '--add-host',
        'me:host-gateway',
      ],
      {
        extraHosts: [
          { name: 'db', address: '10.0.0.5' },
          { name: 'six', address: 'fd00::5' },
          { name: 'b', address: 'fd00::6' },
          { name: 'me', address: 'host-gateway' },
        ],
      },
    ],
    [
      ['--add-host', 'a;b:10.0.0.5'],
      {
        extraHosts: [
          { name: 'a', address: '10.0.0.5' },
          { name: 'b', address: '10.0.0.5' },
        ],
      },
    ],
    [
      ['--link', 'db', '--link', 'cache:redis'],
      {
        links: [
          { container: 'db', alias: 'db' },
          { container: 'cache', alias: 'redis' },
        ],
      },
    ],
  ])('has the settings of %j', async (args, expected) => {
    expect(await wishes(...args)).toEqual({
      namespace: 'networks',
      network: { attachments: [bridge], ...expected },
    });
  });

  it.each([['--ip='], ['--ip6='], ['--mac-address=']])('is as if not given with %s', async (empty) => {
    expect(await wishes(empty)).toEqual(await wishes());
    expect(await wishes('--network', 'host', empty)).toEqual(await wishes('--network', 'host'));
  });

  it('has names and servers also where it has no interface', async () => {
    expect(await wishes('--network', 'none', '--add-host', 'a:1.2.3.4', '--dns', '1.1.1.1')).toEqual({
      namespace: 'none',
      network: {
        attachments: [],
        dns: { servers: ['1.1.1.1'] },
        extraHosts: [{ name: 'a', address: '1.2.3.4' }],
      },
    });
  });

  it.each([
    [['--network', 'host', '-p', '80:80'], "on the host's network"],
    [['--network', 'host', '-P'], "on the host's network"],
    [['--network', 'none', '-p', '80'], 'no network'],
  ])('publishes nothing with %j, and says so', async (args, reason) => {
    await wishes(...args);
    expect(written.join('')).toMatch(/^skiff: published ports are discarded: .*\n$/);
    expect(written.join('')).toContain(reason);
  });

  it.each([
    ['container:', 'names no container'],
    ['name=', 'has no name'],
    ['alias=a', 'has no name'],
    ['name=front,alias', '"alias" is not KEY=VALUE'],
    ['name=front,colour=red', '"colour" is not known'],
    ['name=front,ip=10.0.0', 'invalid IPv4 address: "10.0.0"'],
    ['name=front,ip=fd00::1', 'invalid IPv4 address: "fd00::1"'],
    ['name=front,ip6=10.0.0.1', 'invalid IPv6 address: "10.0.0.1"'],
    ['name=front,mac-address=93:d0:c6:0a:29:33', 'invalid MAC address'],
    ['name=front,mac-address=00:00:00:00:00:00', 'invalid MAC address'],
    ['name=front,mac-address=92:d0:c6-0a:29:33', 'invalid MAC address'],
    ['name=front,driver-opt=x', 'invalid driver option: "x"'],
    ['name=front,gw-priority=high', '"high" is not a whole number'],
    ['name=front,alias=a b', 'invalid network alias: "a b"'],
    ['name=front,"alias=a', 'a quote is out of place'],
    ['front,back', 'it names two networks'],
    ['front:mode=x', '"mode" is not known'],
    ['front:interface_name=much-too-long-name', '"much-too-long-name" cannot be the name of an interface'],
    ['front:interface_name=', '"" cannot be the name of an interface'],
    [':alias=a', 'has no name'],
    ['name=host,alias=a', 'host has no settings of its own'],
    ['none:ip=10.0.0.1', 'none has no settings of its own'],
    ['bridge:alias=a', 'aliases are only supported for user-defined networks'],
    ['bridge:ip=10.0.0.1', 'chosen addresses are only supported for user-defined networks'],
  ])('is refused with --network %s', async (text, message) => {
    await expect(optionsOf('--network', text)).rejects.toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    ['ns:/proc/1/ns/net', 'by its path'],
    ['name=front,link-local-ip=169.254.0.5', 'link-local'],
  ])('cannot be had with --network %s', async (text, message) => {
    await expect(optionsOf('--network', text)).rejects.toThrow(
      expect.objectContaining({ kind: 'unsupported', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    [['--ip', '10.0.0.1'], 'chosen addresses are only supported for user-defined networks'],
    [['--network-alias', 'a'], 'aliases are only supported for user-defined networks'],
    [['--network', 'front', '--network', 'name=front,alias=a'], 'network front is named twice'],
    [['--network', 'front', '--network', 'host'], 'cannot be used together with a network'],
    [['--network', 'host', '--network', 'front', '--ip', '10.0.0.1'], 'an IPv4 address cannot be given'],
    [['--network', 'none', '--network', 'host'], 'none, host and container:NAME exclude each other'],
    [['--network', 'none', '--network', 'none'], 'none, host and container:NAME exclude each other'],
    [['--network', 'name=front,ip=10.0.0.1', '--ip', '10.0.0.2'], '--ip and the ip of --network'],
    [['--network', 'front:alias=a', '--network-alias', 'b'], '--network-alias and the aliases of --network'],
    [['--network', 'none', '--ip', '10.0.0'], 'invalid IPv4 address: "10.0.0"'],
    [
      ['--network', 'host', '--ip', '10.0.0.1'],
      'an IPv4 address cannot be given to a container on the network',
    ],
    [['--network', 'host', '--ip6', 'fd00::1'], 'an IPv6 address cannot be given'],
    [['--network', 'host', '--link', 'db'], 'a link cannot be given'],
    [['--network', 'none', '--mac-address', '92:d0:c6:0a:29:33'], 'a MAC address cannot be given'],
    [['--network', 'container:web', '--network-alias', 'a'], 'an alias cannot be given'],
    [['--network', 'container:web', '-p', '80:80'], 'a published port cannot be given'],
    [['--network', 'container:web', '-P'], 'published ports cannot be given'],
    [['--network', 'container:web', '--expose', '80'], 'an exposed port cannot be given'],
    [['--network', 'container:web', '--dns', '1.1.1.1'], 'a name server cannot be given'],
    [['--network', 'container:web', '--dns-search', 'x'], 'a search domain cannot be given'],
    [['--network', 'container:web', '--dns-option', 'x'], 'an option of the resolver cannot be given'],
    [['--network', 'container:web', '--add-host', 'a:1.2.3.4'], 'a line of /etc/hosts cannot be given'],
    [['--dns', 'server'], 'invalid name server: "server"'],
    [['--dns-search', 'a b'], 'invalid search domain: "a b"'],
    [['--dns-option', ''], 'invalid option of the resolver: ""'],
    [['--dns-option', 'a\nnameserver 1.2.3.4'], 'invalid option of the resolver'],
    [['--add-host', 'a'], 'invalid --add-host "a"'],
    [['--add-host', 'a:b'], 'invalid address in a line of /etc/hosts: "b"'],
    [['--add-host', ':1.2.3.4'], 'invalid name in a line of /etc/hosts: ""'],
    [['--add-host', 'a b:1.2.3.4'], 'invalid name in a line of /etc/hosts: "a b"'],
    [['--link', ''], 'invalid link ""'],
    [['--link', 'a:b:c'], 'invalid link "a:b:c"'],
    [['--link', 'a:'], 'invalid alias of a link: ""'],
    [['--expose', '0'], 'invalid port "0"'],
    [['-p', 'localhost:80:80'], '"localhost" is not an address'],
  ])('is refused with %j', async (args, message) => {
    await expect(optionsOf(...args)).rejects.toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});
