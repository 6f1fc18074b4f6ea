import { beforeAll, describe, expect, it } from 'vitest';
import { A, AAAA, encodeQuestion, PTR } from '../helpers/dns-wire.ts';
import { framed, useResolverRoom } from '../helpers/name-resolver.ts';

/** `127.0.0.N` is a server with some manner, which answers 192.0.2.N. */
const SERVERS = {
  '127.0.0.21': 'answers',
  '127.0.0.22': 'answers',
  '127.0.0.23': 'silent',
  '127.0.0.24': 'fails',
  '127.0.0.25': 'truncates',
  '127.0.0.26': 'long',
  '127.0.0.27': 'huge',
  '127.0.0.28': 'lies',
  '127.0.0.29': 'closes',
} as const;

function upstream(...octets: number[]): string[] {
  return ['network blue', ...octets.map((octet) => `upstream 127.0.0.${octet}`)];
}

describe.each(['host', 'container'] as const)('what is not known here, forwarded from the %s', (where) => {
  const room = useResolverRoom();
  const use = (...octets: number[]) => room.configure(...upstream(...octets), `forward ${where}`);

  beforeAll(async () => {
    use(21);
    room.endpoint('blue', 1, 'address 172.20.0.2', 'name web', 'reverse web.blue');
    await room.start();
    for (const [address, manner] of Object.entries(SERVERS)) await room.serve(where, address, manner);
  });

  it('is answered by the server, with the id and the case of the question', async () => {
    use(21);
    expect(await room.ask({ name: 'Example.ORG', id: 99 })).toMatchObject({
      ...{ id: 99, name: 'Example.ORG', rcode: 0, data: ['192.0.2.21'] },
    });
    expect((await room.ask('single')).data).toEqual(['192.0.2.21']);
    expect((await room.ask({ name: '1.1.168.192.in-addr.arpa', type: PTR })).rcode).toBe(0);
    expect((await room.ask({ name: '', type: 2 })).rcode).toBe(0);
    expect((await room.asked()).length).toBe(4);
  });

  it('is nothing of a name that is known', async () => {
    await room.asked();
    expect((await room.ask('web')).data).toEqual(['172.20.0.2']);
    for (const type of [AAAA, 15, 16])
      expect(await room.ask({ name: 'web', type })).toMatchObject({ rcode: 0, data: [] });
    expect(await room.ask({ name: '2.0.20.172.in-addr.arpa', type: PTR })).toMatchObject({
      data: ['web.blue'],
    });
    expect(await room.asked()).toEqual([]);
  });

  it('goes to the servers that the file names now', async () => {
    use(22, 21);
    expect((await room.ask('example.org')).data).toEqual(['192.0.2.22']);
  });

  it('is asked with another port and another id each time, and as it was asked otherwise', async () => {
    use(21);
    await room.asked();
    const question = encodeQuestion({ name: 'example.org', edns: 1400, id: 5 });
    for (let round = 0; round < 20; round++) await room.raw(question);
    const asked = await room.asked();
    expect(new Set(asked.map(({ port }) => port)).size).toBeGreaterThan(15);
    expect(new Set(asked.map(({ message }) => message.readUInt16BE(0))).size).toBeGreaterThan(15);
    for (const { message } of asked) expect(message.subarray(2)).toEqual(question.subarray(2));
  });

  it('goes to the next server when one says nothing for 2.5 s, or cannot say anything', async () => {
    use(23, 22);
    const start = Date.now();
    expect((await room.ask('example.org')).data).toEqual(['192.0.2.22']);
    expect(Date.now() - start).toBeGreaterThan(2400);
    // 24 fails; nobody listens on 99.
    use(24, 99, 22);
    expect((await room.ask('example.org')).data).toEqual(['192.0.2.22']);
    expect((await room.askByStream({ name: 'example.org' })).data).toEqual(['192.0.2.22']);
  });

  it('fails when no server can say anything', async () => {
    use(99);
    expect((await room.ask('example.org')).rcode).toBe(2);
    use(23);
    expect((await room.ask('example.org')).rcode).toBe(2);
    use();
    expect((await room.ask('example.org')).rcode).toBe(2);
    expect((await room.askByStream({ name: 'example.org' })).rcode).toBe(2);
    use(99, 24);
    expect((await room.ask('example.org')).rcode).toBe(2);
  });

  it('is asked once when the client repeats it meanwhile', async () => {
    use(23);
    await room.asked();
    const message = encodeQuestion({ name: 'example.org' });
    await room.flood(Array(10).fill(message), 1);
    expect((await room.ask('web')).rcode).toBe(0);
    expect((await room.asked()).length).toBe(1);
  });

  it('is not believed to who guesses ids or answers something else', async () => {
    use(28);
    expect((await room.ask('example.org')).data).toEqual(['192.0.2.28']);
    expect((await room.askByStream({ name: 'example.org' })).rcode).toBe(2);
  });

  it('is asked over a connection when the client does so', async () => {
    use(29, 25);
    const plain = await room.ask('example.org');
    use(25);
    expect((await room.ask('example.org')).truncated).toBe(true);
    use(29, 25);
    await room.asked();
    expect(await room.askByStream({ name: 'example.org' })).toMatchObject({
      truncated: false,
      data: ['192.0.2.25'],
    });
    expect((await room.asked()).map(({ stream }) => stream)).toEqual([true]);
    expect(plain.data).toEqual(['192.0.2.29']);
  });

  it('may be longer than the client takes, or than there is room for', async () => {
    use(26);
    expect(await room.ask({ name: 'example.org' })).toMatchObject({ truncated: true, data: [] });
    expect((await room.ask({ name: 'example.org', edns: 65000 })).size).toBe(29 + 16 + 30 * 100);
    use(27);
    expect(await room.ask({ name: 'example.org', edns: 65000 })).toMatchObject({ truncated: true, data: [] });
    const questions = ['one.org', 'two.org'].map((name, id) => framed(encodeQuestion({ name, id })));
    const { answers } = await room.stream([Buffer.concat(questions)], 2);
    expect(answers.map(({ id, name, data, types }) => [id, name, data.length, types[0]])).toEqual([
      [0, 'one.org', 601, A],
      [1, 'two.org', 601, A],
    ]);
  });

  it('is nothing any more when the file says so', async () => {
    room.configure(...upstream(21), 'forward none');
    expect((await room.ask('example.org')).rcode).toBe(2);
    room.configure(...upstream(21), `forward ${where === 'host' ? 'container' : 'host'}`);
    expect((await room.ask('example.org')).rcode).toBe(2);
  });
});

describe('a resolver that began without servers', () => {
  const room = useResolverRoom();

  it("asks the host's as soon as the file names them, and no longer when it does not", async () => {
    room.configure('network blue', 'forward none');
    await room.start();
    await room.serve('host', '127.0.0.21', 'answers');
    expect((await room.ask('example.org')).rcode).toBe(2);
    for (let round = 0; round < 2; round++) {
      room.configure(...upstream(21), 'forward host');
      expect((await room.ask('example.org')).data).toEqual(['192.0.2.21']);
      expect((await room.askByStream({ name: 'example.org' })).data).toEqual(['192.0.2.21']);
      room.configure('network blue', 'forward none');
      expect((await room.ask('example.org')).rcode).toBe(2);
      expect((await room.askByStream({ name: 'example.org' })).rcode).toBe(2);
    }
  });
});

describe('a resolver whose server it is itself', () => {
  const room = useResolverRoom();

  it('asks nobody', async () => {
    room.configure('upstream 127.0.0.11', 'forward container');
    await room.start();
    expect((await room.ask('example.org')).rcode).toBe(2);
  });
});
