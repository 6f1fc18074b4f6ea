import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { RESOLV_CONF, useInternet } from '../helpers/internet.ts';
import { Peer } from '../helpers/network-peer.ts';
import { Party } from '../helpers/party.ts';

const internet = useInternet();
const { store } = internet;
const busybox = useBusybox(store);

beforeAll(async () => {
  await store.ok(['network', 'create', '--subnet', '172.28.0.0/24', '--subnet', 'fd00:28::/64', 'front']);
  await store.ok(['network', 'create', '--subnet', '172.29.0.0/24', 'back']);
  await store.ok(['network', 'create', '--internal', '--subnet', '172.30.0.0/24', 'cell']);
});

afterEach(() => internet.clear());

async function start(name: string, ...flags: string[]): Promise<void> {
  await store.ok(['run', '-d', '--name', name, ...flags, busybox, 'sleep', '100000']);
}

/** Addresses or names that a container is told, in the order of the answer; a dot keeps search domains away. */
async function ask(container: string, name: string): Promise<string[]> {
  const { stdout } = await store.skiff(['exec', container, 'nslookup', name]);
  const answer = stdout.split('\n').slice(2).join('\n');
  return [...answer.matchAll(/^Address: (\S+)|name = (\S+)/gm)].map(
    ([, address, other]) => address ?? other ?? '',
  );
}

describe('the resolver of a network', () => {
  it('knows names, aliases, ids, host names and NAME.NETWORK, by IPv4 and IPv6', async () => {
    await start('db', '--network', 'name=front,alias=store,alias=vault', '--hostname', 'machine');
    await start('asker', '--network', 'front');
    const id = await internet.field('db', '{{slice .Id 0 12}}');
    const both = [await internet.address('db', 'front'), await internet.address('db', 'front', 6)];
    for (const name of ['db', 'store', 'vault', id, 'machine'])
      expect(new Set(await ask('asker', `${name}.`)), name).toEqual(new Set(both));
    expect(new Set(await ask('asker', 'db.front'))).toEqual(new Set(both));
    expect(new Set(await ask('asker', 'DB.'))).toEqual(new Set(both));
    expect(await ask('asker', both[0] ?? '')).toEqual(['db.front']);
    expect(await ask('asker', both[1] ?? '')).toEqual(['db.front']);
  });

  it('tells all addresses of one alias, in turn', async () => {
    for (const name of ['one', 'two', 'three'])
      await start(name, '--network', 'back', '--network-alias', 'pool');
    const all = await Promise.all(['one', 'two', 'three'].map((name) => internet.address(name, 'back')));
    const answers: string[][] = [];
    for (let round = 0; round < 6; round += 1) answers.push(await ask('one', 'pool.'));
    for (const answer of answers) expect([...answer].sort()).toEqual([...all].sort());
    expect(new Set(answers.map(([first]) => first)).size).toBeGreaterThan(1);
  });

  it('does not tell names of networks that the container is not on', async () => {
    await start('secret', '--network', 'back');
    await start('asker', '--network', 'front');
    expect(await ask('asker', 'secret.')).toEqual([]);
  });

  it('learns at once who comes and goes', async () => {
    await start('asker', '--network', 'back');
    await start('guest', '--network', 'front');
    expect(await ask('asker', 'guest.')).toEqual([]);
    await store.ok(['network', 'connect', '--alias', 'visitor', 'back', 'guest']);
    const address = await internet.address('guest', 'back');
    expect(await ask('asker', 'guest.')).toEqual([address]);
    expect(await ask('asker', 'visitor.')).toEqual([address]);
    expect(await ask('guest', 'asker.')).toEqual([await internet.address('asker', 'back')]);
    await store.ok(['network', 'disconnect', 'back', 'guest']);
    expect(await ask('asker', 'guest.')).toEqual([]);
    await store.ok(['network', 'connect', 'back', 'guest']);
    await store.ok(['stop', '-t', '0', 'guest']);
    expect(await ask('asker', 'guest.')).toEqual([]);
  });

  it('comes to a container of the default network when that is connected to another', async () => {
    await start('plain');
    await start('db', '--network', 'back');
    await store.ok(['network', 'connect', 'back', 'plain']);
    expect(await ask('plain', 'db.')).toEqual([await internet.address('db', 'back')]);
  });

  it('leaves port 53 to the container', async () => {
    await start('db', '--network', 'back');
    await start('server', '--network', 'back');
    const pid = await internet.field('server', '{{.State.Pid}}');
    const party = await Party.at(['nsenter', `--net=/proc/${pid}/ns/net`], 'server', 53);
    const listening = await store.ok(['exec', 'server', 'netstat', '-lntu']);
    expect(listening).toMatch(/tcp .* :::53 .*udp .* :::53 /s);
    expect(await ask('server', 'db.')).toEqual([await internet.address('db', 'back')]);
    expect(await party.ask('127.0.0.1', 53, 'udp')).toBe('server saw 127.0.0.1');
    await party.remove();
  });

  it('knows links as well, which only the linking container sees', async () => {
    await start('db', '--network', 'back');
    await start('asker', '--network', 'back', '--link', 'db:database');
    await start('other', '--network', 'back');
    expect(await ask('asker', 'database.')).toEqual([await internet.address('db', 'back')]);
    expect(await ask('other', 'database.')).toEqual([]);
  });
});

describe('names of others', () => {
  const peers: Peer[] = [];
  afterEach(() => {
    for (const { child } of peers.splice(0)) child.kill('SIGKILL');
  });

  /** A server that answers every question with 192.0.2.N, N being the last part of its own address. */
  async function serve(pid: string | number, address: string): Promise<void> {
    const peer = new Peer(`/proc/${pid}/ns/net`);
    peers.push(peer);
    await peer.order({ do: 'serve', address, manner: 'answers' });
  }

  /** The same address is told for both kinds of questions. */
  const answersOf = async (name: string) => [...new Set(await ask(name, 'example.org.'))];

  /** With a server on the loopback of the host alone. */
  async function onLoopback(test: () => Promise<void>): Promise<void> {
    const { namespace } = internet.host;
    const write = (text: string) => namespace.run('sh', '-c', 'printf %s "$1" >/etc/resolv.conf', 'sh', text);
    await serve(namespace.pid, '127.0.0.53');
    write('nameserver 127.0.0.53\noptions edns0\n');
    try {
      await test();
    } finally {
      write(RESOLV_CONF);
    }
  }

  it("come from a server on the host's loopback on the default network, too", async () => {
    await onLoopback(async () => {
      await start('plain');
      expect(await answersOf('plain')).toEqual(['192.0.2.53']);
    });
  });

  it('are asked for once something leads out, and no longer', async () => {
    await onLoopback(async () => {
      await start('born', '--network', 'cell');
      expect(await answersOf('born')).toEqual([]);
      await store.ok(['network', 'connect', 'back', 'born']);
      expect(await answersOf('born')).toEqual(['192.0.2.53']);
      await store.ok(['network', 'disconnect', 'back', 'born']);
      expect(await answersOf('born')).toEqual([]);
    });
  });

  it('come from a server within an internal network', async () => {
    await start('server', '--network', 'cell', '--ip', '172.30.0.44');
    await serve(await internet.field('server', '{{.State.Pid}}'), '172.30.0.44');
    await start('asker', '--network', 'cell', '--dns', '172.30.0.44');
    expect(await answersOf('asker')).toEqual(['192.0.2.44']);
  });
});

describe('/etc/resolv.conf', () => {
  const show = (name: string) => store.ok(['exec', name, 'cat', '/etc/resolv.conf']);

  it("has the host's servers on the default network, and the resolver on others", async () => {
    await start('plain');
    await start('named', '--network', 'back');
    expect(await show('plain')).toBe('nameserver 192.0.2.9\nsearch example.org');
    expect(await show('named')).toBe('nameserver 127.0.0.11\nsearch example.org\noptions ndots:0');
  });

  it('has what was asked for', async () => {
    const flags = ['--dns', '198.51.100.53', '--dns-search', 'a.example', '--dns-search', 'b.example'];
    await start('plain', ...flags, '--dns-option', 'ndots:3', '--dns-opt', 'rotate');
    const tail = 'search a.example b.example\noptions ndots:3 rotate';
    expect(await show('plain')).toBe(`nameserver 198.51.100.53\n${tail}`);
    await start('named', '--network', 'back', ...flags, '--dns-option', 'ndots:3', '--dns-opt', 'rotate');
    expect(await show('named')).toBe(`nameserver 127.0.0.11\n${tail}`);
    await start('bare', '--dns-search', '.');
    expect(await show('bare')).toBe('nameserver 192.0.2.9');
  });
});

describe('/etc/hosts', () => {
  const STANDARD = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::\tip6-localnet',
    'ff00::\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
  ];
  const show = async (name: string) => (await store.ok(['exec', name, 'cat', '/etc/hosts'])).split('\n');

  it('has the standard lines, extra hosts, links and the container itself', async () => {
    await start('db');
    const database = await internet.address('db');
    const id = await internet.field('db', '{{slice .Id 0 12}}');
    const extra = [
      '--add-host',
      'printer:10.1.1.1',
      '--add-host',
      'six=fd00::7',
      '--add-host',
      'home:host-gateway',
    ];
    await start('asker', '--hostname', 'me', ...extra, '--link', 'db:database');
    expect(await show('asker')).toEqual([
      ...STANDARD,
      '10.1.1.1\tprinter',
      'fd00::7\tsix',
      '172.17.0.1\thome',
      `${database}\tdatabase ${id} db`,
      `${await internet.address('asker')}\tme`,
    ]);
  });

  it('follows connect and disconnect while the container runs', async () => {
    await start('mover', '--network', 'front', '--hostname', 'me.example.org');
    const own = [await internet.address('mover', 'front'), await internet.address('mover', 'front', 6)];
    const lines = own.map((address) => `${address}\tme.example.org me`);
    expect(await show('mover')).toEqual([...STANDARD, ...lines]);
    await store.ok(['network', 'connect', 'back', 'mover']);
    expect(await show('mover')).toEqual([
      ...STANDARD,
      ...lines,
      `${await internet.address('mover', 'back')}\tme.example.org me`,
    ]);
    await store.ok(['network', 'disconnect', 'front', 'mover']);
    expect(await show('mover')).toEqual([
      ...STANDARD,
      `${await internet.address('mover', 'back')}\tme.example.org me`,
    ]);
  });
});
