import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { CLIENT4, HOST4, HOST6, ROUTER4, useInternet } from '../helpers/internet.ts';
import { Party } from '../helpers/party.ts';

const internet = useInternet();
const { store } = internet;
const busybox = useBusybox(store);

beforeAll(async () => {
  await store.ok(['network', 'create', '--subnet', '172.28.0.0/24', '--subnet', 'fd00:28::/64', 'front']);
});

afterEach(() => internet.clear());

const run = (name: string, ...flags: string[]) =>
  store.skiff(['run', '-d', '--name', name, ...flags, busybox, 'sleep', '100000']);

describe('the network of a container', () => {
  it('is bridge when nobody says, with a way out that hides its address', async () => {
    const plain = await internet.run('plain', busybox);
    expect(await internet.address('plain')).toMatch(/^172\.17\.\d+\.\d+$/);
    expect(await plain.ask(ROUTER4)).toBe(`router saw ${HOST4}`);
    expect(await plain.ask(CLIENT4, 80, 'udp')).toBe(`client saw ${HOST4}`);
  });

  it("is none, the host's, or another container's", async () => {
    expect(await store.ok(['run', '--rm', '--network', 'none', busybox, 'ls', '/sys/class/net'])).toBe('lo');
    const links = await store.ok(['run', '--rm', '--network', 'host', busybox, 'ls', '/sys/class/net']);
    expect(links.split('\n')).toContain('up0');
    const lender = await internet.run('lender', busybox, '--network', 'front', '-p', '8080:80');
    const shared = ['run', '--rm', '--network', 'container:lender', busybox];
    expect(await store.ok([...shared, 'ip', 'addr', 'show', 'eth0'])).toContain(
      await internet.address('lender', 'front'),
    );
    expect(await lender.ask(ROUTER4)).toBe(`router saw ${HOST4}`);
    const refused = await store.skiff(['run', '--rm', '-p', '1:1', ...shared.slice(2), 'true']);
    expect(refused.code).toBe(125);
  });

  it('has the addresses that were asked for, on several networks at once', async () => {
    await store.ok(['network', 'create', '--subnet', '172.29.0.0/24', 'back']);
    await internet.run(
      'both',
      busybox,
      ...['--network', 'name=front,ip=172.28.0.77,ip6=fd00:28::77,mac-address=02:00:00:00:00:77'],
      ...['--network', 'back:ip=172.29.0.78'],
    );
    const shown = await store.ok(['exec', 'both', 'ip', 'addr']);
    for (const text of ['172.28.0.77/24', 'fd00:28::77/64', '02:00:00:00:00:77', '172.29.0.78/24'])
      expect(shown).toContain(text);
    // By the network whose name comes first, as with Docker.
    const routes = await store.ok(['exec', 'both', 'ip', 'route']);
    expect(routes.match(/^default via .*$/gm)).toEqual(['default via 172.29.0.1 dev eth1 ']);
    await internet.clear();
    await store.ok(['network', 'rm', 'back']);
  });

  it('can be macvlan on an interface of the host: then it is a neighbour of others', async () => {
    const parent = ['-d', 'macvlan', '-o', 'parent=up0', '--subnet', '192.0.2.0/24', '--gateway', ROUTER4];
    await store.ok(['network', 'create', ...parent, '--ip-range', '192.0.2.64/27', 'lan']);
    const neighbour = await internet.run('neighbour', busybox, '--network', 'lan');
    const address = await internet.address('neighbour', 'lan');
    expect(address).toMatch(/^192\.0\.2\.(6[4-9]|[78]\d|9[0-5])$/);
    expect(await neighbour.ask(ROUTER4)).toBe(`router saw ${address}`);
    expect(await neighbour.ask(CLIENT4)).toBe(`client saw ${address}`);
    expect(await internet.client.ask(address)).toBe(`neighbour saw ${CLIENT4}`);
    await internet.clear();
    await store.ok(['network', 'rm', 'lan']);
  });

  it('works with a user namespace of its own', async () => {
    const map = ['--uidmap', '0:100000:65536', '--gidmap', '0:100000:65536'];
    const mapped = await internet.run('mapped', busybox, ...map, '--network', 'front', '-p', '8080:80');
    expect(await internet.client.ask(HOST4, 8080)).toBe(`mapped saw ${CLIENT4}`);
    expect(await mapped.ask(ROUTER4)).toBe(`router saw ${HOST4}`);
    expect((await store.skiff(['exec', 'mapped', 'nslookup', 'mapped.'])).stdout).toContain('172.28.0.');
  });

  it('stays the same, address and ports, when the restart policy starts it again', async () => {
    const flags = ['--network', 'front', '--restart', 'always', '-p', '8080:80', '-p', '80/udp'];
    await internet.run('again', busybox, ...flags);
    const before = [await internet.address('again', 'front'), await store.ok(['port', 'again'])];
    process.kill(Number(await internet.field('again', '{{.State.Pid}}')), 'SIGKILL');
    // It has no process while its monitor waits.
    const template = '{{.RestartCount}} {{ne .State.Pid 0}}';
    await expect.poll(() => internet.field('again', template), { timeout: 10_000 }).toBe('1 true');
    await internet.inhabit('again');
    expect([await internet.address('again', 'front'), await store.ok(['port', 'again'])]).toEqual(before);
    expect(await internet.client.ask(HOST4, 8080)).toBe(`again saw ${CLIENT4}`);
  });

  it.each([
    [['--network', 'nowhere'], 'no such network: nowhere'],
    [['--network', 'front', '--ip', '10.0.0.1'], '10.0.0.1'],
    [['--ip', '172.17.0.9'], 'user-defined networks'],
    [['--network', 'host', '--network', 'front'], 'cannot be used together'],
    [['--network', 'front', '-p', '99999:80'], 'invalid port'],
    [['--network', 'front', '-p', '203.0.113.5:8080:80'], '203.0.113.5'],
    [['--network', 'front', '-p', '203.0.113.5::80'], '203.0.113.5'],
    [['--network', 'front', '-p', '8080:80', '-p', '8080:81'], 'named twice'],
    [['--network', 'front', '-p', '8080-8082:80-81'], 'invalid port'],
    [['--network', 'none', '--network-alias', 'x'], '--network-alias'],
    [['--mac-address', 'nonsense'], 'nonsense'],
    [['--dns', 'nonsense'], 'nonsense'],
    [['--add-host', 'nonsense'], 'nonsense'],
  ])('is refused with 125 and nothing left: %j', async (flags, message) => {
    const { code, stderr } = await store.skiff(['run', '--rm', ...flags, busybox, 'true']);
    expect(stderr).toContain(message);
    expect(code).toBe(125);
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(internet.portElements()).toEqual([]);
  });
});

describe('a published port', () => {
  it('has all forms: ranges, protocols, any port, exposed ones, the long form', async () => {
    const flags = ['-p', '8001-8003:81-83', '-p', '127.0.0.1:9001-9002:84-85/udp', '-p', '90'];
    const more = [
      '-p',
      `[${HOST6}]:8090:91`,
      '-p',
      'target=92,published=8092,protocol=udp',
      '-P',
      '--expose',
      '93',
    ];
    await internet.run('web', busybox, '--network', 'front', ...flags, ...more);
    const ports = await store.ok(['port', 'web']);
    for (const line of [
      ...[1, 2, 3].flatMap((n) => [`8${n}/tcp -> 0.0.0.0:800${n}`, `8${n}/tcp -> [::]:800${n}`]),
      ...['84/udp -> 127.0.0.1:9001', '85/udp -> 127.0.0.1:9002', `91/tcp -> [${HOST6}]:8090`],
      '92/udp -> 0.0.0.0:8092',
    ])
      expect(ports).toContain(line);
    for (const port of [90, 93])
      expect(ports).toMatch(new RegExp(`^${port}/tcp -> 0\\.0\\.0\\.0:\\d{5}$`, 'm'));
    expect(await store.ok(['port', 'web', '81'])).toBe('0.0.0.0:8001\n[::]:8001');
    expect(await store.ok(['ps', '--format', '{{.Ports}}'])).toContain('0.0.0.0:8001->81/tcp');
  });

  it('of a range goes to the first that is free', async () => {
    await internet.run('one', busybox, '-p', '8000-8001:80');
    await internet.run('two', busybox, '-p', '8000-8001:80');
    expect(await store.ok(['port', 'two', '80'])).toContain('0.0.0.0:8001');
    const full = await run('three', '-p', '8000-8001:80');
    expect(full).toMatchObject({ code: 125 });
    expect(full.stderr).toContain('no port from 8000 to 8001 is free');
  });

  it.each(['tcp', 'udp'] as const)(
    'of a range passes over what a process of the host has: %s',
    async (protocol) => {
      const squatter = await Party.at(internet.host.namespace.enter, 'squatter', 8000);
      const started = await run('one', '-p', `127.0.0.1:8000-8001:80/${protocol}`);
      await squatter.remove();
      expect(started).toMatchObject({ code: 0, stderr: '' });
      expect(await store.ok(['port', 'one'])).toBe(`80/${protocol} -> 127.0.0.1:8001`);
    },
  );

  it.each(['tcp', 'udp'] as const)(
    'of %s that somebody has is refused at once, with the name',
    async (protocol) => {
      await internet.run('holder', busybox, '-p', `8080:80/${protocol}`);
      const second = await run('second', '-p', `127.0.0.1:8080:80/${protocol}`);
      expect(second.code).toBe(125);
      expect(second.stderr).toContain(`8080/${protocol} is in use by container holder`);
      const squatter = await Party.at(internet.host.namespace.enter, 'squatter', 8081);
      const third = await run('third', '-p', `8081:80/${protocol}`);
      await squatter.remove();
      expect(third.code).toBe(125);
      expect(third.stderr).toMatch(new RegExp(`8081/${protocol} is in use by \\S+ \\(pid \\d+\\)`));
      await internet.clear();
      expect(internet.portElements()).toEqual([]);
    },
  );
});

describe('what is told of networks', () => {
  it('by inspect, to the templates that people have', async () => {
    await internet.run('web', busybox, '--network', 'front', '-p', '8080:80');
    const address = await internet.field('web', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}');
    expect(address).toMatch(/^172\.28\.0\.\d+$/);
    const port = '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}';
    expect(await internet.field('web', port)).toBe('8080');
    const [shown] = JSON.parse(await store.ok(['network', 'inspect', 'front']));
    expect(Object.values(shown.Containers)).toMatchObject([{ Name: 'web', IPv4Address: `${address}/24` }]);
  });

  it('by events: create, connect, disconnect and destroy', async () => {
    await store.ok(['network', 'create', 'told']);
    await internet.run('web', busybox, '--network', 'told');
    await internet.clear();
    await store.ok(['network', 'rm', 'told']);
    const filters = ['-f', 'type=network', '-f', 'network=told'];
    const range = ['--since', '1h', '--until', '0s', '--format', '{{.Action}}'];
    expect((await store.ok(['events', ...filters, ...range])).split('\n')).toEqual([
      ...['create', 'connect', 'disconnect', 'destroy'],
    ]);
  });
});
