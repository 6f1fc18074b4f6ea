import { beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { HOST4, useInternet } from '../helpers/internet.ts';
import { until } from '../helpers/until.ts';

const internet = useInternet();
const { store } = internet;
const busybox = useBusybox(store);

const NAMES = ['network', 'ls', '--format', '{{.Name}}'];

async function create(name: string, ...flags: string[]): Promise<string> {
  return await store.ok(['network', 'create', ...flags, name]);
}

async function networkField(name: string, template: string): Promise<string> {
  return await store.ok(['network', 'inspect', '-f', template, name]);
}

/** Whatever is in the kernel and in the database about networks. */
async function state(): Promise<unknown> {
  const { namespace } = internet.host;
  return {
    names: await store.ok(NAMES),
    links: namespace.links(),
    table: namespace.run('nft', 'list', 'ruleset'),
    // Not those that the kernel makes by itself, up to a second after a link is there.
    addresses: namespace.run('ip', '-oneline', 'address', 'show', 'scope', 'global'),
  };
}

beforeAll(async () => {
  // The default network comes with the first command that needs it.
  await create('first');
  await store.ok(['network', 'rm', 'first']);
});

describe('network create', () => {
  it('makes a bridge with a free subnet, and tells its id', async () => {
    const id = await create('plain');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const [subnet, gateway] = (
      await networkField('plain', '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}')
    ).split(' ');
    expect(subnet).toMatch(/^172\.(1[89]|2\d|3[01])\.0\.0\/20$/);
    const [link] = internet.host.namespace.ip('address', 'show', `sk-${id.slice(0, 12)}`);
    expect(link).toMatchObject({
      addr_info: expect.arrayContaining([expect.objectContaining({ local: gateway, prefixlen: 20 })]),
    });
    expect(await store.ok(['network', 'rm', 'plain'])).toBe('plain');
    expect(internet.host.namespace.links()).not.toContain(`sk-${id.slice(0, 12)}`);
  });

  it('takes every option that Docker has for bridges, and inspect shows them', async () => {
    await create(
      'full',
      ...['--subnet', '172.30.0.0/16', '--gateway', '172.30.0.254', '--ip-range', '172.30.5.0/24'],
      ...['--aux-address', 'printer=172.30.5.0', '--aux-address', 'nas=172.30.5.1'],
      ...['--subnet', 'fd00:30::/64', '--gateway', 'fd00:30::fe', '--label', 'team=a', '--label', 'bare'],
      ...[
        '--attachable',
        '-o',
        'com.docker.network.bridge.name=quay0',
        '-o',
        'com.docker.network.driver.mtu=1400',
      ],
      ...['-o', 'com.docker.network.bridge.enable_icc=false'],
      ...['-o', 'com.docker.network.bridge.enable_ip_masquerade=false'],
      ...['-o', `com.docker.network.bridge.host_binding_ipv4=${HOST4}`],
    );
    const [shown] = JSON.parse(await store.ok(['network', 'inspect', 'full']));
    expect(shown).toMatchObject({
      Name: 'full',
      Driver: 'bridge',
      Scope: 'local',
      EnableIPv4: true,
      EnableIPv6: true,
      Internal: false,
      Attachable: true,
      IPAM: {
        Config: [
          {
            Subnet: '172.30.0.0/16',
            IPRange: '172.30.5.0/24',
            Gateway: '172.30.0.254',
            AuxiliaryAddresses: { printer: '172.30.5.0', nas: '172.30.5.1' },
          },
          { Subnet: 'fd00:30::/64', Gateway: 'fd00:30::fe' },
        ],
      },
      Labels: { team: 'a', bare: '' },
      Options: { 'com.docker.network.bridge.name': 'quay0', 'com.docker.network.driver.mtu': '1400' },
    });
    const one = await internet.run('one', busybox, '--network', 'full', '-p', '8080:80');
    const two = await internet.run('two', busybox, '--network', 'full');
    const address = await internet.address('one', 'full');
    expect(address).toBe('172.30.5.2');
    expect(await internet.address('two', 'full')).toBe('172.30.5.3');
    expect(await two.ask(address)).toMatch(/silence|EHOSTUNREACH/);
    expect(await store.ok(['exec', 'one', 'cat', '/sys/class/net/eth0/mtu'])).toBe('1400');
    expect(await store.ok(['port', 'one'])).toBe(`80/tcp -> ${HOST4}:8080`);
    internet.router.namespace.run('ip', 'route', 'add', '172.30.0.0/16', 'via', HOST4);
    expect(await one.ask('192.0.2.9')).toBe('router saw 172.30.5.2');
    await internet.remove('one', 'two');
    await store.ok(['network', 'rm', 'full']);
  });

  it.each([
    ['a subnet that the host has a route to', ['--subnet', '192.0.2.128/25', 'x']],
    ['a subnet around one that the host has a route to', ['--subnet', '192.0.0.0/16', 'x']],
    ['a subnet of the other family that the host is in', ['--subnet', 'fd00:a::/80', 'x']],
    ['a subnet of another network', ['--subnet', '172.31.7.0/24', 'x']],
    ['a bridge whose name is that of an interface', ['-o', 'com.docker.network.bridge.name=up0', 'x']],
    ['a bridge of another network', ['-o', 'com.docker.network.bridge.name=taken0', 'x']],
    ['a network that is there', ['taken']],
    ['an option that is refused', ['--ingress', 'x']],
  ])('refuses %s with 125 and leaves nothing behind', async (_what, words) => {
    if (!(await store.ok(NAMES)).includes('taken'))
      await create('taken', '--subnet', '172.31.0.0/16', '-o', 'com.docker.network.bridge.name=taken0');
    const before = await state();
    const { code, stderr, stdout } = await store.skiff(['network', 'create', ...words]);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(/^skiff: /);
    expect(await state()).toEqual(before);
  });

  it('uses a bridge that is there, and leaves it there', async () => {
    const { namespace } = internet.host;
    namespace.run('ip', 'link', 'add', 'mine0', 'type', 'bridge');
    await create('borrowed', '-o', 'com.docker.network.bridge.name=mine0');
    await internet.run('guest', busybox, '--network', 'borrowed');
    await internet.remove('guest');
    await store.ok(['network', 'rm', 'borrowed']);
    expect(namespace.links()).toContain('mine0');
    namespace.run('ip', 'link', 'del', 'mine0');
  });
});

describe('an internal network', () => {
  it('has its containers and the host, and no way out or in', async () => {
    await create('vault', '--internal', '--ipv6');
    const inside = await internet.run('inside', busybox, '--network', 'vault');
    const other = await internet.run('other', busybox, '--network', 'vault');
    const outside = await internet.run('outside', busybox);
    const address = await internet.address('inside', 'vault');
    expect(await other.ask(address)).toBe(`inside saw ${await internet.address('other', 'vault')}`);
    expect(await other.ask(await internet.address('inside', 'vault', 6))).toMatch(/^inside saw /);
    const gateway = await networkField('vault', '{{(index .IPAM.Config 0).Gateway}}');
    expect(await inside.ask(gateway)).toBe(`host saw ${address}`);
    expect(await inside.ask('192.0.2.9')).toMatch(/ENETUNREACH/);
    expect(await outside.ask(address)).toBe('silence');
    const refused = await store.skiff(['run', '--rm', '--network', 'vault', '-p', '80', busybox, 'true']);
    expect(refused.code).toBe(125);
    expect(refused.stderr).toContain('ports cannot be published on network vault');
    // It may be connected to another network before its start, which is when it counts.
    await store.ok(['create', '--name', 'between', '--network', 'vault', '-p', '80', busybox, 'sleep', '9']);
    expect((await store.skiff(['start', 'between'])).stderr).toContain('ports cannot be published');
    await store.ok(['rm', 'between']);
    await internet.remove('inside', 'other', 'outside');
    await store.ok(['network', 'rm', 'vault']);
  });
});

describe('network ls', () => {
  it('lists the predefined ones and those that were made, with filters, formats and ids', async () => {
    await create('listed', '--label', 'team=a');
    expect((await store.ok(['network', 'ls'])).split('\n')[0]).toMatch(/^NETWORK ID +NAME +DRIVER +SCOPE$/);
    for (const name of ['bridge', 'host', 'none', 'listed'])
      expect((await store.ok(NAMES)).split('\n')).toContain(name);
    expect(await store.ok([...NAMES, '--filter', 'label=team=a'])).toBe('listed');
    expect(await store.ok([...NAMES, '--filter', 'name=list'])).toBe('listed');
    expect(await store.ok([...NAMES, '--filter', 'driver=null'])).toBe('none');
    const [id] = (await store.ok(['network', 'ls', '-q', '--no-trunc', '-f', 'name=listed'])).split('\n');
    expect(await networkField(id?.slice(0, 10) ?? '', '{{.Name}}')).toBe('listed');
    await store.ok(['network', 'rm', 'listed']);
  });
});

describe('network rm and prune', () => {
  it('removes a network whose --rm container has just ended', async () => {
    await store.ok(['network', 'create', 'brief']);
    await store.ok(['run', '--rm', '--network', 'brief', busybox, 'true']);
    expect(await store.ok(['network', 'rm', 'brief'])).toBe('brief');
  });

  it('refuse what is predefined, unknown or in use, and take the rest', async () => {
    await create('used');
    await create('unused');
    await create('kept', '--label', 'keep');
    await store.ok(['create', '--name', 'user', '--network', 'used', busybox]);
    const inUse = await store.skiff(['network', 'rm', 'used']);
    expect(inUse).toMatchObject({ code: 1, stdout: '' });
    expect(inUse.stderr).toContain('network used has containers: user');
    expect((await store.skiff(['network', 'rm', 'bridge'])).stderr).toContain('bridge is predefined');
    expect((await store.skiff(['network', 'rm', 'nobody'])).stderr).toContain('no such network: nobody');
    const pruned = await store.ok(['network', 'prune', '-f', '--filter', 'label!=keep']);
    expect(pruned).toContain('unused');
    expect(pruned).not.toMatch(/kept|used\b(?<!unused)/);
    await store.ok(['network', 'rm', '-f', 'used']);
    expect(await internet.field('user', '{{len .NetworkSettings.Networks}}')).toBe('0');
    await store.ok(['rm', 'user']);
    await store.ok(['network', 'rm', 'kept']);
  });
});

describe('network connect and disconnect', () => {
  it('put a container that runs on one more network and take it off, links, addresses and all', async () => {
    await create('left', '--subnet', '172.26.0.0/24');
    await create('right', '--subnet', '172.27.0.0/24', '--subnet', 'fd00:27::/64');
    const mover = await internet.run('mover', busybox, '--network', 'left');
    const stayer = await internet.run('stayer', busybox, '--network', 'right');
    expect(await stayer.ask(await internet.address('mover', 'left'))).toBe('silence');
    await store.ok(['network', 'connect', '--ip', '172.27.0.99', '--alias', 'friend', 'right', 'mover']);
    expect(await internet.address('mover', 'right')).toBe('172.27.0.99');
    expect(await stayer.ask('172.27.0.99')).toBe(`mover saw ${await internet.address('stayer', 'right')}`);
    expect(await stayer.ask(await internet.address('mover', 'right', 6))).toMatch(/^mover saw fd00:27::/);
    expect(await mover.ask(await internet.address('stayer', 'right'))).toBe('stayer saw 172.27.0.99');
    const again = await store.skiff(['network', 'connect', 'right', 'mover']);
    expect(again.stderr).toContain('container mover is on network right already');
    await store.ok(['network', 'disconnect', 'right', 'mover']);
    expect(await store.ok(['exec', 'mover', 'ls', '/sys/class/net'])).toBe('eth0\nlo');
    const twice = await store.skiff(['network', 'disconnect', 'right', 'mover']);
    expect(twice.stderr).toContain('container mover is not on network right');
    await internet.remove('mover', 'stayer');
    await store.ok(['network', 'rm', 'left', 'right']);
  });

  it('leave a file of hosts alone that the container has filled, and say so', async () => {
    await create('more');
    const script = 'truncate -s 1G /etc/hosts; exec sleep 1000';
    await store.ok(['run', '-d', '--name', 'filler', busybox, 'sh', '-c', script]);
    const size = () => store.ok(['exec', 'filler', 'stat', '-c', '%s', '/etc/hosts']);
    await until(async () => (await size()) === String(1 << 30));
    for (const verb of ['connect', 'disconnect']) {
      const { code, stderr } = await store.skiff(['network', verb, 'more', 'filler']);
      expect(code).toBe(0);
      expect(stderr).toBe(
        'skiff: /etc/hosts of container filler is longer than 1 MB, or kept from being written, and was left as it is\n',
      );
      const links = verb === 'connect' ? 'eth0\neth1\nlo' : 'eth0\nlo';
      expect(await store.ok(['exec', 'filler', 'ls', '/sys/class/net'])).toBe(links);
    }
    expect(await size()).toBe(String(1 << 30));
    await store.ok(['rm', '-f', 'filler']);
    await store.ok(['network', 'rm', 'more']);
  });

  it('hold from the next start for one that does not run', async () => {
    await create('late');
    await store.ok(['create', '--name', 'sleeper', busybox, 'sleep', '100000']);
    await store.ok(['network', 'connect', 'late', 'sleeper']);
    await store.ok(['network', 'disconnect', 'bridge', 'sleeper']);
    await store.ok(['start', 'sleeper']);
    expect(
      await internet.field('sleeper', '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}'),
    ).toBe('late ');
    await store.ok(['rm', '-f', 'sleeper']);
    await store.ok(['network', 'rm', 'late']);
  });

  it.each([
    ['a network that is not there', ['nowhere', 'subject'], 'no such network: nowhere'],
    ['a container that is not there', ['goal', 'nobody'], 'no such container: nobody'],
    ['an address of another subnet', ['--ip', '10.9.9.9', 'goal', 'subject'], '10.9.9.9'],
    ['the address of the gateway', ['--ip', '172.24.0.1', 'goal', 'subject'], '172.24.0.1'],
    ["somebody else's address", ['--ip', '172.24.0.7', 'goal', 'subject'], 'in use by container owner'],
    ['a network instead of which it has none', ['goal', 'hermit'], 'has no network'],
  ])('refuse %s, and nothing changes', async (_what, words, message) => {
    if (!(await store.ok(NAMES)).includes('goal')) {
      await create('goal', '--subnet', '172.24.0.0/24');
      await store.ok([
        'run',
        '-d',
        '--name',
        'owner',
        '--network',
        'goal',
        '--ip',
        '172.24.0.7',
        busybox,
        'sleep',
        '1000',
      ]);
      await store.ok(['run', '-d', '--name', 'subject', busybox, 'sleep', '1000']);
      await store.ok(['run', '-d', '--name', 'hermit', '--network', 'none', busybox, 'sleep', '1000']);
    }
    const before = await state();
    const { code, stderr } = await store.skiff(['network', 'connect', ...words]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
    expect(await state()).toEqual(before);
  });
});
