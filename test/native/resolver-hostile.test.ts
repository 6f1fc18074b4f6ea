import { spawnSync } from 'node:child_process';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-program.ts';
import { encodeQuestion } from '../helpers/dns-wire.ts';
import { framed, idOf, type ResolverRoom, useResolverRoom } from '../helpers/name-resolver.ts';

/** A container that means harm: afterwards the next good question is answered, and memory is what it was. */

function fill(room: ResolverRoom): void {
  room.configure('network blue', 'alias alias web', 'upstream 127.0.0.23', 'forward host');
  room.endpoint('blue', 1, 'address 172.20.0.2', 'name web', 'name web.blue', 'reverse web.blue');
  for (let number = 2; number < 40; number++)
    room.endpoint(
      'blue',
      number,
      `address 172.20.0.${number + 1}`,
      `address fd00::${number + 1}`,
      'name replicas',
    );
}

/** A question whose name is this. */
function named(...name: number[]): Buffer {
  return Buffer.concat([
    encodeQuestion({ name: '' }).subarray(0, 12),
    Buffer.from(name),
    Buffer.of(0, 1, 0, 1),
  ]);
}

const repeat = (times: number, ...bytes: number[]) => Array<number[]>(times).fill(bytes).flat();

const MALFORMED: Record<string, Buffer> = {
  nothing: Buffer.alloc(0),
  'a part of a header': Buffer.alloc(11),
  'a header alone': encodeQuestion({ name: '' }).subarray(0, 12),
  'a pointer to itself': named(0xc0, 12),
  'a pointer forwards': named(0xc0, 40),
  'pointers to each other': named(0xc0, 14, 0xc0, 12),
  'a label that is longer than the message': named(63),
  'a label of a kind that is not in use': named(0x80, 1, 0),
  'a name of 256 bytes': named(...repeat(4, 63, ...repeat(63, 97)), 0),
  'a name without end': named(...repeat(127, 1, 97)).subarray(0, -4),
  'two OPT records': (() => {
    const message = encodeQuestion({ name: 'web', edns: 512 });
    message.writeUInt16BE(2, 10);
    return Buffer.concat([message, message.subarray(-11)]);
  })(),
  'an OPT record that is longer than the message': (() => {
    const message = encodeQuestion({ name: 'web', edns: 512 });
    message.writeUInt16BE(65535, message.length - 2);
    return message;
  })(),
  'more records than there are': (() => {
    const message = encodeQuestion({ name: 'web' });
    message.writeUInt16BE(65535, 10);
    return message;
  })(),
  'too much': Buffer.concat([encodeQuestion({ name: 'web' }), Buffer.alloc(60_000)]),
  'an answer': encodeQuestion({ name: 'web', flags: 0x8180 }),
};

describe.each(['confined', 'sanitized'] as const)('the resolver (%s) and', (build) => {
  const room = useResolverRoom();
  let before: number;

  beforeAll(async () => {
    fill(room);
    await room.start(build);
    await room.serve('host', '127.0.0.23', 'silent');
    // Once everything, so that what is needed at all is there.
    await room.ask('example.org');
    await room.askByStream({ name: 'replicas' });
    before = room.memory('Anonymous');
  });

  afterEach(async () => {
    expect((await room.ask('web')).data).toEqual(['172.20.0.2']);
    expect((await room.askByStream({ name: 'web' })).data).toEqual(['172.20.0.2']);
  });

  it.each(Object.entries(MALFORMED))('a datagram that is %s', async (_, message) => {
    await room.flood([message, message], 1);
    expect((await room.ask('web')).rcode).toBe(0);
    expect((await room.stream([framed(message)], 1)).answers.length).toBeLessThanOrEqual(1);
  });

  it('64 kB over a connection', async () => {
    const { answers, closed } = await room.stream(
      [Buffer.of(0xff, 0xff), ...Array<Buffer>(16).fill(Buffer.alloc(4096, 1))],
      1,
    );
    expect([answers, closed]).toEqual([[], true]);
  });

  it('connections that say something and then nothing', async () => {
    const question = framed(encodeQuestion({ name: 'web' }));
    await room.hold(40, question.subarray(0, 1));
    expect((await room.askByStream({ name: 'web' })).rcode).toBe(0);
    await room.hold(40, question.subarray(0, 9));
    expect((await room.askByStream({ name: 'web' })).rcode).toBe(0);
    // Answered, and never read.
    await room.hold(40, Buffer.concat(Array<Buffer>(60).fill(framed(encodeQuestion({ name: 'replicas' })))));
    expect((await room.askByStream({ name: 'web' })).rcode).toBe(0);
    expect((await room.ask('web')).rcode).toBe(0);
  });

  it('floods of datagrams', async () => {
    const questions = Array.from({ length: 4000 }, (_, id) =>
      encodeQuestion({ name: `${id}.example.org`, id }),
    );
    await room.flood(questions, 50);
    expect((await room.ask('web')).data).toEqual(['172.20.0.2']);
    await room.flood(Array<Buffer>(4000).fill(encodeQuestion({ name: 'replicas', edns: 4096 })), 5);
    expect((await room.ask('web')).data).toEqual(['172.20.0.2']);
  });

  // Sanitizers keep memory of their own.
  if (build === 'sanitized') return;
  it('gives back what it took', async () => {
    // Connections end after 10 s, servers are given up after 2.5 s.
    await expect.poll(() => room.memory('Anonymous'), { timeout: 30_000 }).toBeLessThanOrEqual(before + 8);
  });
});

describe('the parser and what answers', () => {
  const room = useResolverRoom();

  it('stand a hundred thousand mutated questions', () => {
    fill(room);
    const config = `containers/${idOf(0)}`;
    const { status, stderr } = spawnSync(builtProgram('fuzz-dns'), [room.names, config, '100000', '1']);
    expect([status, stderr.toString()]).toEqual([0, '']);
  });
});
