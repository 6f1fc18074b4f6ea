import { beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { CLIENT4, CLIENT6, HOST4, HOST6, ROUTER4, ROUTER6, useInternet } from '../helpers/internet.ts';
import type { Party } from '../helpers/party.ts';

const internet = useInternet();
const { store } = internet;
const busybox = useBusybox(store);

const PROTOCOLS = ['tcp', 'udp'] as const;

/** On the host: 8080 of every address, 8081 of 127.0.0.1, 8082 of one address of the host. */
const PUBLISHED = PROTOCOLS.flatMap((protocol) => [
  ...['-p', `8080:80/${protocol}`, '-p', `127.0.0.1:8081:80/${protocol}`],
  ...['-p', `${HOST4}:8082:80/${protocol}`, '-p', `[${HOST6}]:8082:80/${protocol}`],
]);

let [web, mate, stranger, plain]: Party[] = [];
/** Addresses of web, and the gateways of its network and of the stranger's. */
let web4 = '';
let web6 = '';
const SHOP = { gateway4: '172.28.0.1', gateway6: 'fd00:28::1' };
const BANK = { gateway4: '172.29.0.1', gateway6: 'fd00:29::1' };

beforeAll(async () => {
  await store.ok(['network', 'create', '--subnet', '172.28.0.0/24', '--subnet', 'fd00:28::/64', 'shop']);
  await store.ok(['network', 'create', '--subnet', '172.29.0.0/24', '--subnet', 'fd00:29::/64', 'bank']);
  web = await internet.run('web', busybox, '--network', 'shop', ...PUBLISHED, '-p', '0:80');
  mate = await internet.run('mate', busybox, '--network', 'shop');
  stranger = await internet.run('stranger', busybox, '--network', 'bank');
  plain = await internet.run('plain', busybox, '-p', '8090:80');
  web4 = await internet.address('web', 'shop');
  web6 = await internet.address('web', 'shop', 6);
  internet.router.namespace.run('ip', 'route', 'add', '172.16.0.0/12', 'via', HOST4);
  internet.router.namespace.run('ip', '-6', 'route', 'add', 'fd00:28::/32', 'via', HOST6);
});

describe.each(PROTOCOLS)('a port of %s published on every address', (protocol) => {
  it('is reached by other hosts, near and far, and the container sees who they are', async () => {
    const { router, client } = internet;
    expect(await router.ask(HOST4, 8080, protocol)).toBe(`web saw ${ROUTER4}`);
    expect(await router.ask(HOST6, 8080, protocol)).toBe(`web saw ${ROUTER6}`);
    expect(await client.ask(HOST4, 8080, protocol)).toBe(`web saw ${CLIENT4}`);
    expect(await client.ask(HOST6, 8080, protocol)).toBe(`web saw ${CLIENT6}`);
  });

  it('is reached by the host at 127.0.0.1, ::1, its other addresses and those of the container', async () => {
    const { host } = internet;
    expect(await host.ask('127.0.0.1', 8080, protocol)).toBe(`web saw ${SHOP.gateway4}`);
    // The kernel leads ::1 nowhere else: a process relays it.
    expect(await host.ask('::1', 8080, protocol)).toBe(`web saw ${SHOP.gateway4}`);
    expect(await host.ask(HOST4, 8080, protocol)).toBe(`web saw ${HOST4}`);
    expect(await host.ask(HOST6, 8080, protocol)).toBe(`web saw ${HOST6}`);
    expect(await host.ask(web4, 80, protocol)).toBe(`web saw ${SHOP.gateway4}`);
    expect(await host.ask(web6, 80, protocol)).toBe(`web saw ${SHOP.gateway6}`);
  });

  it('is reached by containers of the same network, by the container itself, and of another network', async () => {
    const mate4 = await internet.address('mate', 'shop');
    const stranger4 = await internet.address('stranger', 'bank');
    const stranger6 = await internet.address('stranger', 'bank', 6);
    const plain4 = await internet.address('plain');
    for (const address of [HOST4, SHOP.gateway4])
      expect(await mate?.ask(address, 8080, protocol)).toBe(`web saw ${SHOP.gateway4}`);
    expect(await mate?.ask(HOST6, 8080, protocol)).toBe(`web saw ${SHOP.gateway6}`);
    expect(await web?.ask(HOST4, 8080, protocol)).toBe(`web saw ${SHOP.gateway4}`);
    expect(await web?.ask(HOST6, 8080, protocol)).toBe(`web saw ${SHOP.gateway6}`);
    expect(await mate?.ask(web4, 80, protocol)).toBe(`web saw ${mate4}`);
    for (const address of [HOST4, BANK.gateway4])
      expect(await stranger?.ask(address, 8080, protocol)).toBe(`web saw ${stranger4}`);
    expect(await stranger?.ask(HOST6, 8080, protocol)).toBe(`web saw ${stranger6}`);
    expect(await plain?.ask(HOST4, 8080, protocol)).toBe(`web saw ${plain4}`);
  });
});

describe.each(PROTOCOLS)('a port of %s published on one address', (protocol) => {
  const nothing = protocol === 'tcp' ? 'refused' : 'silence';

  it('is there at that one, and nowhere else', async () => {
    const { client, host } = internet;
    expect(await client.ask(HOST4, 8082, protocol)).toBe(`web saw ${CLIENT4}`);
    expect(await client.ask(HOST6, 8082, protocol)).toBe(`web saw ${CLIENT6}`);
    expect(await host.ask('127.0.0.1', 8082, protocol)).toBe(nothing);
    expect(await stranger?.ask(BANK.gateway4, 8082, protocol)).toBe(nothing);
  });

  it('is for the host alone when that is 127.0.0.1', async () => {
    const { client, host } = internet;
    expect(await host.ask('127.0.0.1', 8081, protocol)).toBe(`web saw ${SHOP.gateway4}`);
    expect(await host.ask('::1', 8081, protocol)).toBe(nothing);
    expect(await client.ask(HOST4, 8081, protocol)).toBe(nothing);
    expect(await stranger?.ask(BANK.gateway4, 8081, protocol)).toBe(nothing);
    expect(await stranger?.ask(HOST4, 8081, protocol)).toBe(nothing);
    expect(await mate?.ask(SHOP.gateway4, 8081, protocol)).toBe(nothing);
  });
});

describe('a port published on port 0 of the host', () => {
  it('is a free one, which is shown', async () => {
    const { client } = internet;
    const bound = await internet.field('web', '{{json (index .NetworkSettings.Ports "80/tcp")}}');
    const named = [8080, 8081, 8082];
    const chosen = (JSON.parse(bound) as { HostPort: string }[])
      .map(({ HostPort }) => Number(HostPort))
      .filter((port) => !named.includes(port));
    expect(chosen).toEqual([chosen[0], chosen[0]]);
    expect(await client.ask(HOST4, chosen[0] ?? 0)).toBe(`web saw ${CLIENT4}`);
    expect(await client.ask(HOST6, chosen[0] ?? 0)).toBe(`web saw ${CLIENT6}`);
  });
});

describe('what was not published', () => {
  it('is not reached from outside although the way is known', async () => {
    const { client, router } = internet;
    for (const address of [web4, web6]) {
      expect(await router.ask(address, 80)).toBe('silence');
      expect(await client.ask(address, 80, 'udp')).toBe('silence');
    }
  });

  it('is not reached from other networks, neither of those that were made nor of the default one', async () => {
    expect(await stranger?.ask(web4)).toBe('silence');
    expect(await stranger?.ask(web6)).toBe('silence');
    expect(await plain?.ask(web4, 80, 'udp')).toBe('silence');
    expect(await mate?.ask(await internet.address('plain'))).toBe('silence');
  });
});

describe('packets for 127.0.0.0/8 that come from outside', () => {
  it('are dropped although the kernel would take them', async () => {
    const { router } = internet;
    router.namespace.run('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet');
    router.namespace.run('ip', 'route', 'add', '127.0.0.3', 'via', HOST4, 'dev', 'eth0', 'src', ROUTER4);
    internet.host.namespace.run('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/conf/up0/route_localnet');
    expect(await router.ask('127.0.0.3', 80)).toBe('silence');
    expect(await router.ask('127.0.0.3', 8080)).toBe('silence');
  });
});
