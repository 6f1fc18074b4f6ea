import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ParameterType } from '../../src/api/http/parameter.ts';
import type { Route } from '../../src/api/http/route.ts';
import { ROUTES } from '../../src/api/routes.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { sendRaw } from '../helpers/raw-http.ts';
import { useService } from '../helpers/service.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);
const service = useService(store);

const isLong = process.env['SKIFF_TEST_LONG'] !== undefined;

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Names that no container, image, network or volume has. */
const NAMES = [
  'none-such',
  '%00',
  'a%00b',
  '..',
  '..%2f..%2fetc%2fpasswd',
  '%',
  '%zz',
  '%ff%fe',
  '-',
  'a'.repeat(5000),
  '%20',
  "'",
  '💥',
];

const VALUES: Readonly<Record<ParameterType, readonly string[]>> = {
  text: ['', '%00', '..', 'x'.repeat(6000), '%zz', '%ff', '[1]', '-1'],
  flag: ['', 'maybe', '%00', '2'],
  number: ['', 'x', '1e9', '-1', '99999999999999999999', '1.5', '%00'],
  list: ['', '%00', '..'],
  json: ['', '{', 'null', '[]', '1', '"x"', '{"a":[{}]}'],
  filters: [
    '{',
    'null',
    '[]',
    '1',
    '{"label":1}',
    '{"nonsense":["x"]}',
    '{"until":["x"]}',
    '{"label":{"a":2}}',
    '{"status":["x"],"dangling":["x"]}',
  ],
};

const BODIES = [
  '',
  '{',
  'null',
  '[]',
  '1',
  '"text"',
  '{"Image":1}',
  '{"Image":"\\u0000","HostConfig":[],"Cmd":{}}',
  '{"HostConfig":{"Binds":[1],"Memory":"x"}}',
  '{"Name":"../x","Driver":5,"IPAM":[],"Labels":[1]}',
  '{"Image":"none-such","HostConfig":{"PortBindings":{"x/y":[{}]}},"NetworkingConfig":{"EndpointsConfig":{"a":1}}}',
  `${'['.repeat(20_000)}`,
  '\u0000\u0001\u0002',
  JSON.stringify({
    Image: busybox,
    Cmd: ['\u0000'],
    WorkingDir: '..',
    HostConfig: { NetworkMode: 'container:..' },
  }),
  JSON.stringify({
    Image: busybox,
    User: '\u0000',
    Hostname: '\n',
    Env: ['=', '\u0000=a'],
    Labels: { '': '' },
  }),
  JSON.stringify({ Image: busybox, ExposedPorts: { '0/x': {} }, Healthcheck: { Test: ['x'], Interval: -1 } }),
];

/** Endpoints that remove what nobody names, and those that answer for as long as somebody listens. */
const LEFT_OUT = /prune$|\/events$/;

/** One request in bytes; it asks for the connection to be closed. */
function requestOf(route: Route, random: () => number): string {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const path = route.path.replace(/\{\w+(\.\.\.)?\}/g, () => pick(NAMES));
  const query = Object.entries(route.query ?? {})
    .filter(() => random() < 0.4)
    .map(
      ([name, parameter]) =>
        `${name}=${encodeURI(pick(VALUES[typeof parameter === 'string' ? parameter : parameter.type])).replaceAll('%25', '%')}`,
    );
  const body = route.method === 'GET' || route.method === 'HEAD' ? '' : pick(BODIES);
  const type = pick(['application/json', 'application/json', 'text/html', 'application/x-tar', '\x80']);
  const auth =
    random() < 0.2 ? `X-Registry-Auth: ${pick(['!', 'e30', 'bnVsbA', 'W10', 'a'.repeat(9000)])}\r\n` : '';
  const upgrade = random() < 0.15 ? 'Connection: Upgrade\r\nUpgrade: tcp\r\n' : 'Connection: close\r\n';
  return [
    `${route.method} ${pick(['', '', '/v1.24', '/v1.51', '/v1.41'])}${encodeURI(path).replaceAll('%25', '%')}?${query.join('&')} HTTP/1.1\r\n`,
    `Host: d\r\nContent-Type: ${type}\r\n${auth}${upgrade}`,
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${Buffer.from(body).toString('latin1')}`,
  ].join('');
}

/** What is wrong with an answer; undefined: nothing. */
function faultOf({ method }: Pick<Route, 'method'>, text: string): string | undefined {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
  if (status < 200 || status === 500) return 'no answer, or one without a cause';
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  if (status < 400 || method === 'HEAD') return undefined;
  try {
    const { message } = JSON.parse(body);
    return typeof message === 'string' && message !== '' ? undefined : 'no message';
  } catch {
    return 'no JSON';
  }
}

async function faultsOf(rounds: number, seed: number): Promise<string[]> {
  const random = randomOf(seed);
  const faults: string[] = [];
  for (const route of ROUTES.filter(({ path }) => !LEFT_OUT.test(path)))
    for (let round = 0; round < rounds; round += 1) {
      const request = requestOf(route, random);
      const { text } = await sendRaw(service.socket, request);
      const fault = faultOf(route, text);
      if (fault !== undefined) faults.push(`${fault}: ${request.slice(0, 300)} → ${text.slice(-300)}`);
    }
  return faults;
}

/** Requests that are none, and the status of their answer. */
const NO_REQUESTS: readonly [what: string, bytes: string, status: number][] = [
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n', 400],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['an unknown method', 'BREW /_ping HTTP/1.1\r\nHost: d\r\n\r\n', 400],
  ['a proxy', 'CONNECT example.org:443 HTTP/1.1\r\nHost: d\r\n\r\n', 404],
  ['no host', 'GET /_ping HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['a long header', `GET /_ping HTTP/1.1\r\nHost: d\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ['many headers', `GET /_ping HTTP/1.1\r\nHost: d\r\n${'X: a\r\n'.repeat(4000)}\r\n`, 431],
  ['a long path', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: d\r\n\r\n`, 431],
  ['NUL in the path', 'GET /containers/a\0b/json HTTP/1.1\r\nHost: d\r\n\r\n', 400],
  ['NUL in a header', 'GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\0b\r\n\r\n', 400],
  ['a folded header', 'GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\r\n b\r\n\r\n', 400],
  [
    'two lengths',
    'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ',
    400,
  ],
  [
    'a length and chunks',
    'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['a negative length', 'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: -1\r\n\r\n', 400],
  [
    'a chunk of nonsense',
    'POST /containers/create HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n',
    400,
  ],
  [
    'a chunk that is too long',
    'POST /containers/create HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n',
    400,
  ],
];

describe('a service that is asked nonsense', () => {
  it('answers each endpoint with a message, whatever its names, parameters and bodies are', async () => {
    expect(await faultsOf(isLong ? 100 : 3, 1)).toEqual([]);
  });

  it('says of what is no request that it is none, and closes', async () => {
    const answers = await Promise.all(
      NO_REQUESTS.map(async ([what, bytes, status]) => {
        const { text, closed } = await sendRaw(service.socket, bytes);
        return [what, Number(text.slice(9, 12)), faultOf({ method: 'GET' }, text), closed, status] as const;
      }),
    );
    expect(answers).toEqual(NO_REQUESTS.map(([what, , status]) => [what, status, undefined, true, status]));
  });

  it('answers requests that come all at once, in their order, past bodies that nobody reads', async () => {
    const body = 'GET /none-such HTTP/1.1\r\nHost: smuggled\r\n\r\n';
    const ignored = `POST /none-such HTTP/1.1\r\nHost: d\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const last = 'GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n';
    const { text } = await sendRaw(service.socket, `GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n${ignored}${last}`);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });

  it('answers others while clients hang, send half of a request, or go in the middle of one', async () => {
    const request = `POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{"Image":"none-such:latest"}  `;
    const hanging = Array.from({ length: isLong ? 500 : 100 }, (_, index) => {
      const socket = connect(service.socket);
      socket.on('error', () => {});
      socket.write(request.slice(0, (index * 7) % request.length));
      return socket;
    });
    for (const socket of hanging.filter((_, index) => index % 2 === 0)) socket.destroy();
    expect((await service.request('GET', '/_ping')).status).toBe(200);
    for (const socket of hanging) socket.destroy();
    expect((await service.request('GET', '/version')).status).toBe(200);
  });

  it('answers a client that has ended its side', async () => {
    const { text } = await sendRaw(service.socket, 'GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n', { ends: true });
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
