import { describe, expect, it } from 'vitest';
import { checkCreateOptions } from '../../../../src/engine/options/check.ts';
import type {
  CreateOptions,
  NamespaceOptions,
  NetworkOptions,
} from '../../../../src/engine/options/create.ts';
import type { EngineError } from '../../../../src/errors.ts';

type Asked = Partial<Omit<CreateOptions, 'namespaces' | 'network'>> & {
  namespaces?: Partial<NamespaceOptions>;
  network?: Partial<NetworkOptions>;
};

const web = { container: 'web' };
const front = { network: 'front' };
const bridge = { network: 'bridge' };

/** A container of which only this is said. */
function container({ namespaces, network, ...others }: Asked): CreateOptions {
  return {
    image: 'busybox',
    process: { command: [], env: [], stdin: false },
    namespaces: { network: 'networks', ...namespaces },
    security: {},
    devices: {},
    files: { readOnly: false },
    resources: {},
    stop: {},
    autoRemove: false,
    ...others,
    ...(network === undefined ? {} : { network: { attachments: [], ...network } }),
  };
}

/** On networks of its own, with this asked of them. */
function joined(...attachments: NetworkOptions['attachments']): Asked {
  return { network: { attachments } };
}

/** Without networks of its own, and asking for something of one all the same. */
function without(mode: NamespaceOptions['network'], network: Partial<NetworkOptions>): Asked {
  return { namespaces: { network: mode }, network };
}

/** Of the mode itself, as Docker's API has settings of an interface that there is not. */
function ofMode(mode: 'none' | 'host', settings: object): Asked {
  return without(mode, { attachments: [{ network: mode, ...settings }] });
}

describe('a container is refused', () => {
  it.each<[string, Asked, string, string]>([
    ['with a name that is none', { name: '-x' }, '"-x" cannot be a container\'s name', 'two or more'],
    [
      'with an init that is not asked for',
      { process: { initPath: '/sbin/tini' } },
      '/sbin/tini is named as an init, and none is asked for',
      'say --init with --init-path',
    ],
    [
      'with an init at a relative path',
      { process: { init: true, initPath: 'tini' } },
      'the path of an init must be absolute: tini',
      'write /tini',
    ],
    [
      'that keeps groups and has others',
      { process: { groups: ['audio', 'keep-groups'] } },
      'keep-groups and other groups contradict each other',
      'with --group-add keep-groups the groups are those of whoever starts the container, and no others',
    ],
    [
      'with places to write to in memory under a root that can be written',
      { files: { readOnlyTmpfs: true } },
      'only a read-only root file system needs places in memory to write to',
      'say --read-only with --read-only-tmpfs, or --tmpfs /tmp',
    ],
    [
      'with a relative directory as its root',
      { rootfs: { directory: 'tree' } },
      'the root file system must be an absolute path: tree',
      'write /tree',
    ],
    [
      'with a directory as its root for which nothing can be chosen',
      { rootfs: { directory: '/tree' }, platform: { os: 'linux', architecture: 'arm64' } },
      'a platform and a directory as the root file system contradict each other',
      'leave --platform or --rootfs out: no image is chosen',
    ],
    [
      'with a directory as its root that takes more than the limit of its files',
      { rootfs: { directory: '/tree' }, files: { storageSize: 1 << 20 } },
      'the container writes into /tree itself: the size of its files cannot be limited',
      'write into a layer above it: --rootfs /tree:O',
    ],
    [
      'with a directory as its root of which snapshots are to be kept',
      { rootfs: { directory: '/tree' }, snapshotOnStart: {} },
      'the container writes into /tree itself: there are no snapshots of it',
      'write into a layer above it: --rootfs /tree:O',
    ],
    [
      'that is removed when it ends and started again as well',
      { autoRemove: true, restart: { name: 'always' } },
      'the container cannot have a restart policy: it is removed when it ends',
      'leave --restart or --rm out',
    ],
    [
      'with a number of restarts for a policy that has none',
      { restart: { name: 'always', maximum: 3 } },
      'the restart policy always takes no number of attempts',
      'on-failure',
    ],
    [
      'with a negative number of restarts',
      { restart: { name: 'on-failure', maximum: -1 } },
      'the number of restarts cannot be -1',
      'whole number',
    ],
    [
      'whose health is checked by a command and not at all',
      { health: { test: ['NONE', 'CMD-SHELL', 'true'] } },
      'no health check and settings of a health check contradict each other',
      '--no-healthcheck',
    ],
    [
      'whose health is checked every second and not at all',
      { health: { test: ['NONE'], intervalMs: 1000 } },
      'no health check and settings of a health check contradict each other',
      '--no-healthcheck',
    ],
    [
      'whose health is checked more often than there is time',
      { health: { intervalMs: 0.5 } },
      "the health check's interval cannot be less than 1 ms",
      '30s',
    ],
    [
      'with a negative time of checks',
      { health: { timeoutMs: -1 } },
      "the health check's timeout cannot be less than 1 ms",
      '30s',
    ],
    [
      'with a negative time to come up',
      { health: { startPeriodMs: -1000 } },
      "the health check's start period cannot be less than 1 ms",
      '30s',
    ],
    [
      'with no time between the checks while it comes up',
      { health: { startIntervalMs: 0.1 } },
      "the health check's start interval cannot be less than 1 ms",
      '30s',
    ],
    [
      'with a negative number of failures',
      { health: { retries: -1 } },
      "the health check's retries cannot be negative",
      'such as 3',
    ],
    [
      'with a host name in the UTS namespace of the host',
      { namespaces: { hostname: 'box', uts: 'host' } },
      'a host name cannot be given to a container that shares its UTS namespace',
      '--hostname or --uts',
    ],
    [
      'with a domain name in the UTS namespace of another',
      { namespaces: { domainname: 'example.org', uts: web } },
      'a domain name cannot be given to a container that shares its UTS namespace',
      '--domainname or --uts',
    ],
    [
      'with a host name on the network of another, which has one',
      { namespaces: { hostname: 'box', network: web } },
      'a host name cannot be given to a container on the network of another',
      '--hostname or --network container:web',
    ],
    [
      'that joins itself',
      { name: 'web', namespaces: { pid: web } },
      'container web cannot join its own pid namespace',
      'another container',
    ],
    [
      'that is on its own network',
      { name: 'web', namespaces: { network: web } },
      'container web cannot join its own network namespace',
      'another container',
    ],
    [
      'on a network and on none',
      without('none', { attachments: [front] }),
      'none, host and the network of another container cannot be used together with a network',
      '--network',
    ],
    [
      'on a network and on that of the host',
      without('host', { attachments: [{ ...front, ip: '10.0.0.9' }] }),
      'none, host and the network of another container cannot be used together with a network',
      '--network',
    ],
    [
      'on a network and on that of another',
      without(web, { attachments: [front] }),
      'none, host and the network of another container cannot be used together with a network',
      '--network',
    ],
    ['on a network twice', joined(front, bridge, front), 'network front is named twice', 'alias='],
    [
      'with two interfaces of one name',
      joined({ ...front, interfaceName: 'lan0' }, { network: 'back', interfaceName: 'lan0' }),
      'two interfaces cannot both be lan0',
      'another name',
    ],
    [
      'with two interfaces of one name, in the words of Docker',
      joined(
        { ...front, driverOptions: { 'com.docker.network.endpoint.ifname': 'lan0' } },
        { network: 'back', interfaceName: 'lan0' },
      ),
      'two interfaces cannot both be lan0',
      'another name',
    ],
    [
      'with an interface that everybody has',
      joined({ ...front, interfaceName: 'lo' }),
      '"lo" cannot be the name of an interface',
      '15 bytes',
    ],
    [
      'with an interface whose name is too long',
      joined({ ...front, interfaceName: 'sixteen-letters0' }),
      '"sixteen-letters0" cannot be the name of an interface',
      '15 bytes',
    ],
    [
      'with more names on the default network',
      joined({ ...bridge, aliases: ['db'] }),
      'aliases are only supported for user-defined networks',
      'skiff network create',
    ],
    [
      'with an address on the default network',
      joined(front, { ...bridge, ip: '172.17.0.9' }),
      'chosen addresses are only supported for user-defined networks',
      'skiff network create',
    ],
    [
      'with an IPv6 address on the default network',
      joined({ ...bridge, ip6: 'fd00::9' }),
      'chosen addresses are only supported for user-defined networks',
      'skiff network create',
    ],
    [
      'with an address and no network',
      ofMode('none', { ip: '10.0.0.9' }),
      'an IPv4 address cannot be given to a container without a network',
      '--ip or --network none',
    ],
    [
      'with an IPv6 address on the network of the host',
      ofMode('host', { ip6: 'fd00::9' }),
      'an IPv6 address cannot be given to a container on the network of the host',
      '--ip6 or --network host',
    ],
    [
      'with a MAC address and no network',
      ofMode('none', { mac: '92:d0:c6:0a:29:33' }),
      'a MAC address cannot be given to a container without a network',
      '--mac-address or --network none',
    ],
    [
      'with more names on the network of another',
      without(web, { attachments: [{ network: 'container:web', aliases: ['db'] }] }),
      'an alias cannot be given to a container on the network of another',
      '--network-alias or --network container:web',
    ],
    [
      'with links and no network',
      without('none', { links: [{ container: 'db', alias: 'db' }] }),
      'a link cannot be given to a container without a network',
      '--link or --network none',
    ],
    [
      'with links on the network of the host',
      without('host', { links: [{ container: 'db', alias: 'db' }] }),
      'a link cannot be given to a container on the network of the host',
      '--link or --network host',
    ],
    [
      'with published ports on the network of another',
      without(web, { publish: [{ protocol: 'tcp', containerPort: 80 }] }),
      'a published port cannot be given to a container on the network of another',
      '--publish',
    ],
    [
      'with all ports published on the network of another',
      without(web, { publishAll: true }),
      'published ports cannot be given to a container on the network of another',
      '--publish-all',
    ],
    [
      'with exposed ports on the network of another',
      without(web, { expose: [{ protocol: 'tcp', port: 80 }] }),
      'an exposed port cannot be given to a container on the network of another',
      '--expose',
    ],
    [
      'with name servers on the network of another',
      without(web, { dns: { servers: ['1.1.1.1'] } }),
      'a name server cannot be given to a container on the network of another',
      '--dns',
    ],
    [
      'with options of the resolver on the network of another',
      without(web, { dns: { options: ['ndots:2'] } }),
      'an option of the resolver cannot be given to a container on the network of another',
      '--dns-option',
    ],
    [
      'with search domains on the network of another',
      without(web, { dns: { search: ['example.org'] } }),
      'a search domain cannot be given to a container on the network of another',
      '--dns-search',
    ],
    [
      'with more hosts on the network of another',
      without(web, { extraHosts: [{ name: 'db', address: '10.0.0.5' }] }),
      'a line of /etc/hosts cannot be given to a container on the network of another',
      '--add-host',
    ],
  ])('%s', async (_what, asked, message, said) => {
    const error = await checkCreateOptions(container(asked)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'invalid', message });
    const { hint, remedy = hint } = error as EngineError;
    expect(remedy).toContain(said);
  });
});

describe('a container is refused, whoever asks for it, for its', () => {
  const spelt: [string, string, (text: string) => Asked][] = [
    ['host name', 'host name', (hostname) => ({ namespaces: { hostname } })],
    ['domain name', 'domain name', (domainname) => ({ namespaces: { domainname } })],
    ['alias', 'network alias', (alias) => joined({ ...front, aliases: ['web', alias] })],
    ['MAC address', 'MAC address', (mac) => joined({ ...front, mac })],
    ['name server', 'name server', (server) => ({ network: { dns: { servers: [server] } } })],
    ['option of the resolver', 'option of the resolver', (option) => ofResolver({ options: [option] })],
    ['search domain', 'search domain', (domain) => ofResolver({ search: ['.', domain] })],
    ['name in /etc/hosts', 'name in a line of /etc/hosts', (name) => withHost(name, '10.0.0.5')],
    ['address in /etc/hosts', 'address in a line of /etc/hosts', (address) => withHost('db', address)],
    ['link', 'alias of a link', (alias) => ({ network: { links: [{ container: 'db', alias }] } })],
  ];
  const ofResolver = (dns: NetworkOptions['dns']): Asked => ({ network: { dns } });
  const withHost = (name: string, address: string): Asked =>
    without('none', { extraHosts: [{ name, address }] });

  it.each(
    spelt.flatMap(([place, what, asked]) =>
      ['', 'a b', 'a\nb', 'a;b'].map((text) => [place, text, what, asked] as const),
    ),
  )('%s %j', async (_place, text, what, asked) => {
    await expect(checkCreateOptions(container(asked(text)))).rejects.toThrow(
      expect.objectContaining({ kind: 'invalid', message: `invalid ${what}: "${text}"`, subject: text }),
    );
  });

  it.each<[string, Asked]>([
    ['host name that is too long for the kernel', { namespaces: { hostname: 'a'.repeat(65) } }],
    ['host name that ends with a dot', { namespaces: { hostname: 'web.' } }],
    ['domain name that begins with a dash', { namespaces: { domainname: '-x' } }],
    ['search domain that is too long', ofResolver({ search: ['a'.repeat(256)] })],
    ['alias that no resolver can be asked for', joined({ ...front, aliases: ['a'.repeat(254)] })],
    ['MAC address that is too short', joined({ ...front, mac: '92:d0:c6:0a:29' })],
    ['MAC address without colons', joined({ ...front, mac: '92d0c60a2933' })],
    ['MAC address of a group', joined({ ...front, mac: '01:00:5e:00:00:01' })],
    ['MAC address of everybody', joined({ ...front, mac: 'ff:ff:ff:ff:ff:ff' })],
    ['MAC address of nobody', joined({ ...front, mac: '00:00:00:00:00:00' })],
  ])('%s', async (_what, asked) => {
    await expect(checkCreateOptions(container(asked))).rejects.toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringMatching(/^invalid /) }),
    );
  });

  it('names no more than it has to: underscores, dots, a gateway of the host and IPv6 are fine', async () => {
    const { network, ...others } = container({
      namespaces: { hostname: 'my_web.example.org', domainname: 'example.org' },
      network: {
        attachments: [{ ...front, aliases: ['db_1', 'db.example.org'], mac: '92:d0:c6:0a:29:33' }],
        dns: { servers: ['fd00::53', '10.0.0.53'], options: ['ndots:2'], search: ['example.org.', '.'] },
        extraHosts: [
          { name: 'me', address: 'host-gateway' },
          { name: 'six', address: 'fd00::5' },
        ],
        links: [{ container: 'db', alias: 'db' }],
      },
    });
    expect(await checkCreateOptions({ ...others, network })).toEqual([]);
  });
});

describe('a container is made without a word', () => {
  it.each<[string, Asked]>([
    ['of which nothing is said', {}],
    ['that is removed when it ends', { autoRemove: true }],
    ['that is removed when it ends, and not started again', { autoRemove: true, restart: { name: 'no' } }],
    [
      'of a layer above a directory, which can be limited and kept',
      {
        rootfs: { directory: '/tree', overlay: true },
        files: { storageSize: 1 << 20 },
        snapshotOnStart: {},
      },
    ],
    ['that is started again', { restart: { name: 'always' } }],
    ['that is started again so often', { restart: { name: 'on-failure', maximum: 3 } }],
    ['with zero restarts, which is no number, as in Docker', { restart: { name: 'always', maximum: 0 } }],
    ['whose health is not checked', { health: { test: ['NONE'] } }],
    [
      'whose health is not checked, with times of 0',
      { health: { test: ['NONE'], intervalMs: 0, retries: 0 } },
    ],
    ['whose health is checked every millisecond', { health: { test: ['CMD', 'true'], intervalMs: 1 } }],
    ['with a host name', { namespaces: { hostname: 'box', domainname: 'example.org', uts: 'private' } }],
    [
      'with a host name of its own on the network of the host',
      { namespaces: { hostname: 'box', network: 'host' } },
    ],
    ['with a domain name on the network of another', { namespaces: { domainname: 'x', network: web } }],
    ['that joins another', { name: 'db', namespaces: { network: web, pid: web, user: web } }],
    ['on several networks', joined(bridge, front, { network: 'back' })],
    [
      'with names and addresses on networks',
      joined({ ...front, aliases: ['db'], ip: '10.0.0.9', ip6: 'fd00::9' }),
    ],
    ['with a MAC address on the default network', joined({ ...bridge, mac: '92:d0:c6:0a:29:33' })],
    ['with a list of no names on the default network', joined({ ...bridge, aliases: [] })],
    [
      'with interfaces of two names',
      joined({ ...front, interfaceName: 'a' }, { network: 'b', interfaceName: 'b' }),
    ],
    ['with links', { network: { attachments: [bridge], links: [{ container: 'db', alias: 'db' }] } }],
    [
      'with ports',
      {
        network: {
          attachments: [front],
          publish: [{ protocol: 'tcp', containerPort: 80 }],
          publishAll: true,
        },
      },
    ],
    [
      'with names and servers, and no network',
      without('none', {
        dns: { servers: ['1.1.1.1'] },
        extraHosts: [{ name: 'a', address: '10.0.0.1' }],
        expose: [{ protocol: 'tcp', port: 80 }],
      }),
    ],
    [
      'with names and servers on the network of the host',
      without('host', { dns: { search: ['x'] }, extraHosts: [] }),
    ],
    [
      'with nothing but empty lists on the network of another',
      without(web, { publish: [], publishAll: false, expose: [], dns: {}, extraHosts: [], links: [] }),
    ],
    ['with the mode itself among its networks, as Docker’s clients write it', ofMode('none', {})],
  ])('%s', async (_what, asked) => {
    expect(await checkCreateOptions(container(asked))).toEqual([]);
  });
});

describe('a container is made, and a word said of it,', () => {
  const publish = [{ protocol: 'tcp', containerPort: 80 } as const];

  it.each<[string, Asked, string]>([
    ['ports and no network', without('none', { publish }), 'the container has no network'],
    ['all ports and no network', without('none', { publishAll: true }), 'the container has no network'],
    [
      'ports on the network of the host',
      without('host', { publish }),
      "the container's ports are the host's",
    ],
  ])('with %s', async (_what, asked, reason) => {
    const warnings = await checkCreateOptions(container(asked));
    expect(warnings).toEqual([expect.stringMatching(/^published ports are discarded: /)]);
    expect(warnings.join()).toContain(reason);
  });
});
