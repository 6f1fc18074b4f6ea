import { afterAll, beforeAll } from 'vitest';
import { storePaths } from '../../src/host/paths.ts';
import { connectHosts, type Host, makeHost, Party } from './party.ts';
import { type RunOptions, type Store, useStore } from './skiff.ts';
import { until } from './until.ts';

/** Addresses of the skiff host, of its neighbour, which is a router, and of a client behind that one. */
export const HOST4 = '192.0.2.1';
export const HOST6 = 'fd00:a::1';
export const ROUTER4 = '192.0.2.9';
export const ROUTER6 = 'fd00:a::9';
export const CLIENT4 = '198.51.100.7';
export const CLIENT6 = 'fd00:b::7';

/** The servers of the skiff host's resolv.conf, and where it looks for short names. */
export const RESOLV_CONF = 'nameserver 192.0.2.9\nsearch example.org\n';

/**
 * A small internet: client -- router -- host, each a network namespace with IPv4 and IPv6. Skiff runs on the host, with a
 * store of its own, files of /etc of its own and nothing in its firewall.
 */
export interface Internet {
  readonly host: Host;
  readonly router: Host;
  readonly client: Host;
  readonly store: Store;
  /** The table of nftables that belongs to the store. */
  readonly table: string;
  /** A container that runs and answers at its port 80; returns somebody in its network namespace who asks. */
  inhabit(name: string): Promise<Party>;
  /** `skiff run -d --name NAME FLAGS IMAGE sleep`, inhabited. */
  run(name: string, image: string, ...flags: string[]): Promise<Party>;
  /** Ends containers, with who asks there; resolves when their links are gone. */
  remove(...names: string[]): Promise<void>;
  /** Ends all containers. */
  clear(): Promise<void>;
  /** A field of `inspect`. */
  field(name: string, template: string): Promise<string>;
  /** The address of a container on one network. */
  address(name: string, network?: string, family?: 4 | 6): Promise<string>;
  /** Elements of the sets and maps of the store's table that name a port or an address of a container. */
  portElements(): string[];
}

/** Makes the hosts and their networks before the tests of a file, and takes them back after them. */
export function useInternet(): Internet {
  let hosts: [Host, Host, Host] | undefined;
  const inhabitants = new Map<string, Party>();
  const made = () => {
    if (hosts === undefined) throw new Error('the internet is there only while tests run');
    return hosts;
  };
  beforeAll(async () => {
    hosts = await Promise.all([makeHost('host', { mounts: true }), makeHost('router'), makeHost('client')]);
    connect(hosts);
    // Routers ask for neighbours from addresses of links, which the kernel does not use before it knows them to be free.
    const areSettled = () =>
      made().every(({ namespace }) => namespace.run('ip', 'address', 'show', 'tentative') === '');
    await until(areSettled);
  });
  const store = useStore(
    (): RunOptions => ({ through: made()[0].namespace.enter, env: { SKIFF_NETWORK: '' } }),
    () => Promise.all((hosts ?? []).map((host) => host.remove())),
  );
  afterAll(() => Promise.all([...inhabitants.values()].map((party) => party.remove())));
  const { table } = storePaths(store.root);
  const internet: Internet = {
    get host() {
      return made()[0];
    },
    get router() {
      return made()[1];
    },
    get client() {
      return made()[2];
    },
    store,
    table,
    async inhabit(name) {
      await inhabitants.get(name)?.remove();
      const pid = await internet.field(name, '{{.State.Pid}}');
      const party = await Party.at(['nsenter', `--net=/proc/${pid}/ns/net`], name);
      inhabitants.set(name, party);
      return party;
    },
    async run(name, image, ...flags) {
      await store.ok(['run', '-d', '--name', name, ...flags, image, 'sleep', '100000']);
      return await internet.inhabit(name);
    },
    async remove(...names) {
      for (const name of names) {
        await inhabitants.get(name)?.remove();
        inhabitants.delete(name);
      }
      const ids = await Promise.all(names.map((name) => internet.field(name, '{{.Id}}')));
      await store.ok(['rm', '-f', ...names]);
      // The kernel takes network namespaces apart in its own time, and links go with them.
      const ends = () =>
        internet.host.namespace.links().filter((link) => ids.some((id) => link.includes(id.slice(0, 10))));
      await until(() => ends().length === 0);
    },
    async clear() {
      const names = await store.ok(['ps', '-a', '--format', '{{.Names}}']);
      if (names !== '') await internet.remove(...names.split('\n'));
    },
    field: (name, template) => store.ok(['inspect', '-f', template, name]),
    address: (name, network = 'bridge', family = 4) =>
      internet.field(
        name,
        `{{(index .NetworkSettings.Networks "${network}").${family === 4 ? 'IPAddress' : 'GlobalIPv6Address'}}}`,
      ),
    portElements() {
      const { host } = internet;
      return ['ports4', 'any4', 'ports6', 'any6'].flatMap((set) => {
        const text = host.namespace.run('nft', 'list', 'map', 'inet', table, set);
        return (/elements = \{([^}]*)\}/.exec(text)?.[1] ?? '')
          .split(',')
          .map((element) => element.trim())
          .filter(Boolean)
          .map((element) => `${set}: ${element}`);
      });
    },
  };
  return internet;
}

/** Cables, ways and the files of the host. */
function connect([host, router, client]: readonly [Host, Host, Host]): void {
  connectHosts(
    [
      { host, device: 'up0', last: 1 },
      { host: router, device: 'eth0', last: 9 },
    ],
    { prefix4: '192.0.2', prefix6: 'fd00:a' },
  );
  connectHosts(
    [
      { host: client, device: 'eth0', last: 7 },
      { host: router, device: 'eth1', last: 9 },
    ],
    { prefix4: '198.51.100', prefix6: 'fd00:b' },
  );
  for (const [party, via4, via6] of [
    [host, ROUTER4, ROUTER6],
    [client, '198.51.100.9', 'fd00:b::9'],
  ] as const) {
    party.namespace.run('ip', 'route', 'add', 'default', 'via', via4);
    party.namespace.run('ip', '-6', 'route', 'add', 'default', 'via', via6);
  }
  const forward = 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding';
  router.namespace.run('sh', '-c', forward);
  host.namespace.cover('/etc/resolv.conf', RESOLV_CONF);
}
