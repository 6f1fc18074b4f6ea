import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { attachedFilter } from '../helpers/attached-filter.ts';
import { runFilter } from '../helpers/classic-bpf.ts';
import { A, AAAA, ANY, encodeQuestion, PTR, SOA } from '../helpers/dns-wire.ts';
import { ALLOW, KILL } from '../helpers/filter.ts';
import { framed, useResolverRoom } from '../helpers/name-resolver.ts';

const AUDIT_ARCH_X86_64 = 0xc000_003e;
const TMPFS = '/dev/shm';
const room = useResolverRoom(TMPFS);

beforeAll(async () => {
  room.configure('network blue', 'network green', 'alias database db.blue', 'forward none');
  room.endpoint('blue', 1, 'address 172.20.0.2', 'name web', 'name web.blue', 'reverse web.blue');
  room.endpoint(
    'blue',
    2,
    ...['address 172.20.0.3', 'address fd00::3', 'name db', 'name db.blue', 'name pair', 'reverse db.blue'],
  );
  room.endpoint('blue', 3, 'address 172.20.0.4', 'address fd00::4', 'name pair', 'name blue-only');
  room.endpoint('green', 4, 'address 172.21.0.2', 'name web', 'name green-only', 'reverse web.green');
  room.endpoint('green', 5, 'address fd01::5', 'name six');
  room.endpoint('red', 6, 'address 172.22.0.2', 'name secret', 'name web');
  // The loopback comes up later than the resolver.
  await room.start('confined', false);
  execFileSync('nsenter', [`--net=${room.container}`, 'busybox', 'ip', 'link', 'set', 'lo', 'up']);
});

afterEach(() => expect(room.status('Name')).toBe('skiff-resolver'));

describe('a name of a network', () => {
  it('is known, whatever its case, and repeated as it was asked', async () => {
    expect(await room.ask({ name: 'WeB.Blue', id: 4711 })).toMatchObject({
      ...{
        id: 4711,
        rcode: 0,
        truncated: false,
        name: 'WeB.Blue',
        data: ['172.20.0.2'],
        types: [A],
        ttls: [1],
      },
    });
  });

  it('is that of the first network that has it', async () => {
    expect((await room.ask('web')).data).toEqual(['172.20.0.2']);
    expect((await room.ask('green-only')).data).toEqual(['172.21.0.2']);
  });

  it('is not known to who is not on the network', async () => {
    expect(await room.ask('secret')).toMatchObject({ rcode: 2, data: [] });
  });

  it('has addresses of both families, and none is no error', async () => {
    expect((await room.ask({ name: 'db', type: AAAA })).data).toEqual([
      'fd00:0000:0000:0000:0000:0000:0000:0003',
    ]);
    expect(await room.ask({ name: 'web', type: AAAA })).toMatchObject({ rcode: 0, data: [] });
    expect(await room.ask({ name: 'six', type: A })).toMatchObject({ rcode: 0, data: [] });
    expect(await room.ask({ name: 'web', type: SOA })).toMatchObject({ rcode: 0, data: [] });
  });

  it('with several addresses tells all of them, each first in its turn', async () => {
    const first = new Set<string | undefined>();
    for (let round = 0; round < 2; round++) {
      const { data } = await room.ask('pair');
      expect([...data].sort()).toEqual(['172.20.0.3', '172.20.0.4']);
      // Clients ask for both families each time.
      expect((await room.ask({ name: 'pair', type: AAAA })).data.length).toBe(2);
      first.add(data[0]);
    }
    expect(first.size).toBe(2);
  });

  it('is answered with one kind of records when all are asked for', async () => {
    expect(await room.ask({ name: 'db', type: ANY })).toMatchObject({ data: ['172.20.0.3'], types: [A] });
    expect(await room.ask({ name: 'six', type: ANY })).toMatchObject({ types: [AAAA] });
    expect((await room.ask({ name: 'web', class: 255 })).data).toEqual(['172.20.0.2']);
  });

  it('may be another one’s alias', async () => {
    expect(await room.ask('Database')).toMatchObject({ name: 'Database', data: ['172.20.0.3'] });
  });

  it('is not one that only looks like it', async () => {
    const label = Buffer.concat([
      encodeQuestion({ name: '' }).subarray(0, 12),
      Buffer.from('\x08web.blue\0\0\x01\0\x01'),
    ]);
    expect((await room.raw(label))?.readUInt8(3)).toBe(0x82);
    expect(await room.ask('web.blue.blue')).toMatchObject({ rcode: 2 });
  });
});

describe('an address', () => {
  it('leads back to a name', async () => {
    expect(await room.ask({ name: '2.0.20.172.in-addr.arpa', type: PTR })).toMatchObject({
      ...{ rcode: 0, data: ['web.blue'], types: [PTR] },
    });
    const nibbles = `${'3.'}${'0.'.repeat(27)}0.0.d.f.IP6.arpa`;
    expect((await room.ask({ name: nibbles, type: PTR })).data).toEqual(['db.blue']);
    expect((await room.ask({ name: '2.0.21.172.in-addr.arpa', type: PTR })).data).toEqual(['web.green']);
  });

  it.each([
    '9.0.20.172.in-addr.arpa',
    '0.20.172.in-addr.arpa',
    '2.0.22.172.in-addr.arpa',
    '256.0.20.172.in-addr.arpa',
  ])('that is not on a network does not: %s', async (name) => {
    expect(await room.ask({ name, type: PTR })).toMatchObject({ rcode: 2, data: [] });
  });
});

// Files are told from each other by inode numbers where these last.
describe.each([TMPFS, '/var/tmp'])('a change (in %s)', (parent) => {
  const room = useResolverRoom(parent);
  const networks = ['network blue', 'network green'];

  beforeAll(async () => {
    room.configure(...networks);
    room.endpoint('blue', 1, 'address 172.20.0.2', 'name web', 'name db');
    room.endpoint('green', 4, 'address 172.21.0.2', 'name web', 'name green-only');
    room.endpoint('red', 6, 'address 172.22.0.2', 'name secret');
    await room.start();
  });

  it('is seen by the next question', async () => {
    for (let round = 0; round < 100; round++) {
      room.endpoint('blue', 7, `address 172.20.1.${round}`, 'name moving', `name round-${round}`);
      if (round % 3 === 0) room.endpoint('blue', 100 + round, 'address 172.20.2.2', `name other-${round}`);
      expect((await room.ask('moving')).data).toEqual([`172.20.1.${round}`]);
      expect((await room.ask(`round-${round}`)).rcode).toBe(0);
      expect((await room.ask(`other-${round - (round % 3)}`)).rcode).toBe(0);
      if (round > 0) expect((await room.ask(`round-${round - 1}`)).rcode).toBe(2);
    }
    for (let round = 0; round < 100; round += 3) {
      room.leave('blue', 100 + round);
      expect((await room.ask(`other-${round}`)).rcode).toBe(2);
    }
    room.leave('blue', 7);
    expect((await room.ask('moving')).rcode).toBe(2);
    expect((await room.ask('web')).data).toEqual(['172.20.0.2']);
  });

  it('of the networks, too', async () => {
    room.configure(...networks, 'network red');
    expect((await room.ask('secret')).data).toEqual(['172.22.0.2']);
    room.configure('network green', 'network later', 'alias other green-only');
    expect((await room.ask('web')).data).toEqual(['172.21.0.2']);
    expect((await room.ask('other')).data).toEqual(['172.21.0.2']);
    expect((await room.ask('db')).rcode).toBe(2);
    room.endpoint('later', 8, 'address 172.23.0.2', 'name late');
    expect((await room.ask('late')).data).toEqual(['172.23.0.2']);
    room.configure(...networks);
    expect((await room.ask('web')).data).toEqual(['172.20.0.2']);
  });

  it('that is not complete yet is not seen', async () => {
    writeFileSync(join(room.names, 'networks/blue/.unfinished'), 'address 172.20.0.99\nname half\n');
    expect((await room.ask('half')).rcode).toBe(2);
  });
});

describe('a message', () => {
  it('has an OPT record when the question has one', async () => {
    expect((await room.ask({ name: 'web', edns: 1232 })).edns).toBe(1232);
    expect((await room.ask({ name: 'web' })).edns).toBe(undefined);
  });

  it('is not understood with a version of EDNS that is to come', async () => {
    const question = encodeQuestion({ name: 'web', edns: 1232 });
    question.writeUInt8(1, question.length - 5);
    const answer = await room.raw(question);
    expect(answer?.readUInt8(answer.length - 6)).toBe(1); // BADVERS, 16: the upper bits
  });

  it('is refused for other classes and for transfers of zones', async () => {
    expect((await room.ask({ name: 'version.bind', type: 16, class: 3 })).rcode).toBe(5);
    expect((await room.ask({ name: 'web', type: 252 })).rcode).toBe(5);
  });

  it('is not implemented with another operation', async () => {
    expect((await room.ask({ name: 'web', flags: 0x2900 })).rcode).toBe(4);
  });

  it('asks one thing', async () => {
    const question = encodeQuestion({ name: 'web' });
    question.writeUInt16BE(2, 4);
    expect((await room.raw(question))?.readUInt8(3)).toBe(0x81);
  });
});

describe('many addresses', () => {
  beforeAll(() => {
    for (let number = 0; number < 200; number++)
      room.endpoint('blue', 1000 + number, `address 172.20.9.${number}`, 'name replicas', `name r${number}`);
  });

  it('are cut to what the client takes, which then asks over a connection', async () => {
    const plain = await room.ask('replicas');
    expect(plain).toMatchObject({ truncated: true, rcode: 0 });
    expect(plain.size).toBeLessThanOrEqual(512);
    expect(plain.data.length).toBe(30);
    const more = await room.ask({ name: 'replicas', edns: 1232 });
    expect(more.truncated).toBe(true);
    expect(more.size).toBeGreaterThan(1200);
    expect(more.size).toBeLessThanOrEqual(1232);
    expect(await room.ask({ name: 'replicas', edns: 4096 })).toMatchObject({ truncated: false });
    const all = await room.askByStream({ name: 'replicas' });
    expect([new Set(all.data).size, all.truncated]).toEqual([200, false]);
  });

  it('do not make the answers slow', async () => {
    await room.time('r77', 100);
    expect(await room.time('r77', 500)).toBeLessThan(500);
  });
});

describe('a connection', () => {
  it('takes one question after the other, in any pieces', async () => {
    const questions = Buffer.concat(
      ['web', 'db', 'green-only'].map((name, id) => framed(encodeQuestion({ name, id }))),
    );
    const pieces = [questions.subarray(0, 1), questions.subarray(1, 20), questions.subarray(20)];
    for (const chunks of [[questions], pieces, Array.from(questions, (byte) => Buffer.of(byte))]) {
      const { answers } = await room.stream(chunks, 3);
      expect(answers.map(({ id, data }) => [id, ...data])).toEqual([
        [0, '172.20.0.2'],
        [1, '172.20.0.3'],
        [2, '172.21.0.2'],
      ]);
    }
  });
});

describe('the process', () => {
  it('has no rights', () => {
    expect(room.status('Uid')).toBe('1957000053\t1957000053\t1957000053\t1957000053');
    expect(room.status('Gid')).toBe('1957000053\t1957000053\t1957000053\t1957000053');
    expect(room.status('Groups')).toBe('');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(room.status(set)).toBe('0000000000000000');
    expect([room.status('NoNewPrivs'), room.status('Seccomp')]).toEqual(['1', '2']);
  });

  it.runIf(process.arch === 'x64')('may make no system calls but those that it needs', () => {
    const program = attachedFilter(room.pid);
    const allows = (number: number, ...args: number[]) =>
      runFilter(program, { number, arch: AUDIT_ARCH_X86_64, args: args.map(BigInt) }) === ALLOW;
    const allowed = Array.from({ length: 600 }, (_, number) => number).filter((number) => allows(number));
    // read close fstat madvise socket(none) connect sendto recvfrom sendmsg fstatfs getdents64 restart_syscall
    // clock_gettime exit_group epoll_wait epoll_ctl openat epoll_pwait accept4 getrandom
    expect(allowed).toEqual([
      ...[0, 3, 5, 28, 42, 44, 45, 46, 138, 217, 219, 228, 231, 232, 233, 257, 262, 281, 288, 318],
    ]);
    const READ_ONLY = 0o2300000;
    const writing = [1, 2, 0o100, 0o1000, 0o2000];
    expect([READ_ONLY, ...writing].map((flags) => allows(257, 0, 0, flags))).toEqual([
      true,
      ...writing.map(() => false),
    ]);
    // socket: families unix, inet, inet6, netlink, packet; types stream, datagram, raw, with SOCK_CLOEXEC | SOCK_NONBLOCK.
    const sockets = [1, 2, 10, 16, 17].flatMap((family) =>
      [1, 2, 3].filter((type) => allows(41, family, type | 0o2004000)).map((type) => [family, type]),
    );
    expect(sockets).toEqual([
      [2, 1],
      [2, 2],
      [10, 1],
      [10, 2],
    ]);
    expect(runFilter(program, { number: 0, arch: 0x4000_0003 })).toBe(KILL); // i386
    expect(allows(59)).toBe(false);
  });

  it('sees nothing but names, and holds nothing else open', async () => {
    const links = readdirSync(`/proc/${room.pid}/fd`).map((fd) => readlinkSync(`/proc/${room.pid}/fd/${fd}`));
    expect(links.map((link) => link.replace(/\d+/, 'N')).sort()).toEqual(
      [room.names, 'anon_inode:[eventpoll]', 'socket:[N]', 'socket:[N]']
        .map((link) => link.replace(/\d+/, 'N'))
        .sort(),
    );
    expect(readlinkSync(`/proc/${room.pid}/root`)).toBe(room.names);
    expect(readlinkSync(`/proc/${room.pid}/cwd`)).toBe(room.names);
  });

  it('dies with its parent', async () => {
    // It waits for the end of the one before, whose parent ended.
    await room.restart();
    expect((await room.ask('web')).data).toEqual(['172.20.0.2']);
  });
});
