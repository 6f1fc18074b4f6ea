import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Candidate, measure, median } from './measure.ts';
import { clockless, cpuOfTree, type Peer, pssOfTree } from './peers.ts';
import { print, report, verdict } from './report.ts';

const RUNS = 20;
const LOG_RUNS = 5;
const LOGGED_BYTES = 100_000_000;
const CREATED = 500;
const RUNNING = 50;
const REQUESTS = 200;
const ROUNDS = 3;
const LISTENERS = 50;
const EVENTS = 100;
const STARTS = 11;
const FIRST_ANSWER_MS = 60;
const CLIENT = '/usr/bin/docker';

/** What answers Docker's API: a service of skiff, or dockerd. */
interface Side {
  name: string;
  socket: string;
  /** Its first process. */
  pid: number;
}

/** Docker's own client, and requests side by side, at skiff's service and at dockerd. */
export async function benchmarkApi(
  clock: string,
  peers: readonly Peer[],
  reference: (image: 'busybox') => string,
  work: string,
): Promise<void> {
  const [skiff, docker] = ['skiff', 'docker'].map((name) => peers.find((peer) => peer.name === name));
  if (skiff === undefined || docker?.daemon === undefined) return;
  const image = reference('busybox');
  for (const peer of [skiff, docker]) await clockless(peer, ['pull', '-q', ...peer.pullOptions, image]);
  await reportFirstAnswer(skiff, join(work, 'first.sock'));
  const socket = join(work, 's.sock');
  const service = await startService(skiff, socket);
  const sides: Side[] = [
    { name: 'skiff', socket, pid: service.pid ?? 0 },
    { name: 'docker', ...docker.daemon },
  ];
  try {
    reportMemory('memory before all', sides);
    await reportClient(clock, sides, image);
    await reportLists(sides, image);
    await reportEvents(sides, image);
    reportMemory('memory after all', sides);
  } finally {
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    await ended;
  }
}

async function startService(
  { command: [program = '', ...words] }: Peer,
  socket: string,
): Promise<ChildProcess> {
  const args = [...words, 'system', 'service', '-H', `unix://${socket}`];
  const service = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(service.stderr, 'data');
  return service;
}

/** `docker` of Debian, whatever it speaks to. */
async function reportClient(clock: string, sides: readonly Side[], image: string): Promise<void> {
  const docker = async (words: readonly string[]) => {
    for (const { socket } of sides) await clockless(client(socket), words);
  };
  const time = (words: readonly string[], runs = RUNS) =>
    measure(
      clock,
      sides.map((side) => candidate(side, words)),
      runs,
    );
  report('docker run --rm', await time(['run', '--rm', '--network', 'none', image, 'true']), 'api');
  await docker(['run', '-d', '--name', 'long', '--network', 'none', image, 'sleep', '1000']);
  report('docker exec', await time(['exec', 'long', 'true']), 'api');
  report('docker ps', await time(['ps']), 'api');
  await docker(['rm', '-f', 'long']);
  const script = `yes "a line of text, as long as many are that servers write to their logs" | head -c ${LOGGED_BYTES}`;
  const logged = ['--log-driver', 'json-file', '--log-opt', 'max-size=1g', '--network', 'none'];
  await docker(['run', '-d', '--name', 'wordy', ...logged, image, 'sh', '-c', script]);
  await docker(['wait', 'wordy']);
  report('docker logs, 100 MB', await time(['logs', '-f', 'wordy'], LOG_RUNS), 'api');
  await docker(['rm', 'wordy']);
}

function client(socket: string): Pick<Peer, 'command' | 'env'> {
  return { command: [CLIENT, '-H', `unix://${socket}`], env: {} };
}

function candidate({ name, socket, pid }: Side, words: readonly string[]): Candidate {
  return { name, command: [...client(socket).command, ...words], otherCpu: () => cpuOfTree(pid) };
}

/** Lists of many containers that are only there, and of some that run among them. */
async function reportLists(sides: readonly Side[], image: string): Promise<void> {
  const names = Array.from({ length: CREATED }, (_, number) => `many-${number}`);
  const body = { Image: image, Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } };
  const each = async (title: string, count: number, act: (side: Side, name: string) => Promise<unknown>) => {
    const times = await timed(sides, 1, (side) =>
      parallel(names.slice(0, count), 8, (name) => act(side, name)),
    );
    tell(`${title}, 8 at a time`, times);
  };
  await each(`${CREATED} × create`, CREATED, ({ socket }, name) =>
    ask(socket, 'POST', `/containers/create?name=${name}`, body),
  );
  const lists = (query: string) =>
    timed(sides, ROUNDS, async ({ socket }) => {
      const agent = new Agent({ maxSockets: REQUESTS });
      const all = Array.from({ length: REQUESTS }, () => undefined);
      await parallel(all, REQUESTS, () => ask(socket, 'GET', `/containers/json${query}`, undefined, agent));
      agent.destroy();
    });
  tell(`${REQUESTS} × GET /containers/json?all=1 at once, ${CREATED} created`, await lists('?all=1'));
  reportMemory('memory after that', sides);
  await each(`${RUNNING} × start`, RUNNING, ({ socket }, name) =>
    ask(socket, 'POST', `/containers/${name}/start`),
  );
  tell(`${REQUESTS} × GET /containers/json at once, ${RUNNING} run`, await lists(''));
  await each(`${CREATED} × remove`, CREATED, ({ socket }, name) =>
    ask(socket, 'DELETE', `/containers/${name}?force=1`),
  );
}

/** From the first event until each of many listeners has been told of all. */
async function reportEvents(sides: readonly Side[], image: string): Promise<void> {
  let round = 0;
  const times = await timed(sides, ROUNDS, async ({ socket }) => {
    round += 1;
    const wanted = `?filters=${encodeURIComponent(JSON.stringify({ event: ['tag'] }))}`;
    const all = Array.from({ length: LISTENERS }, () => open(socket, 'GET', `/events${wanted}`));
    const listeners = await Promise.all(all);
    const told = listeners.map((listener) => lines(listener, EVENTS));
    for (let number = 0; number < EVENTS; number += 1)
      await ask(socket, 'POST', `/images/${encodeURIComponent(image)}/tag?repo=event&tag=${round}-${number}`);
    await Promise.all(told);
    for (const listener of listeners) listener.destroy();
  });
  tell(`${EVENTS} events, one after another, each told to ${LISTENERS} listeners`, times);
}

function lines(stream: IncomingMessage, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  stream.on('error', () => {});
  stream.on('data', (bytes: Buffer) => {
    for (const byte of bytes) if (byte === 10) seen += 1;
    if (seen >= count) resolve();
  });
  return promise;
}

/** As systemd does it: the socket listens first, and whoever asks starts the service. */
async function reportFirstAnswer({ command }: Peer, socket: string): Promise<void> {
  const script =
    '$^F = 9; $s = IO::Socket::UNIX->new(Local => shift, Listen => 128) or die; $| = 1; print "ready\n"; ' +
    'vec($r, fileno($s), 1) = 1; select($r, undef, undef, undef); ' +
    '$ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$; exec @ARGV';
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const path = `${socket}${start}`;
    const args = ['-MIO::Socket::UNIX', '-e', script, path, ...command, 'system', 'service'];
    const child = spawn('perl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const before = performance.now();
    await ask(path, 'GET', '/_ping');
    times.push(performance.now() - before);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  const first = median(times);
  print([
    `first answer of skiff after its socket was asked: ${first.toFixed(1)} ms${verdict(first <= FIRST_ANSWER_MS, `${FIRST_ANSWER_MS} ms`)}`,
  ]);
}

async function timed(
  sides: readonly Side[],
  rounds: number,
  act: (side: Side) => Promise<void>,
): Promise<Map<string, number>> {
  const times = new Map(sides.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const side of sides) {
      const before = performance.now();
      await act(side);
      times.get(side.name)?.push(performance.now() - before);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

function tell(title: string, times: ReadonlyMap<string, number>): void {
  const [own = Number.NaN, others = Number.NaN] = times.values();
  const each = [...times].map(([name, time]) => `${name} ${time.toFixed(0)} ms`);
  print([title, `  ${each.join('  ')}  skiff/docker: ${(own / others).toFixed(3)}`]);
}

async function parallel<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<unknown>,
): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (;;) {
      if (left.length === 0) return;
      await act(left.shift() as Item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function open(
  socketPath: string,
  method: string,
  path: string,
  body?: object,
  agent: Agent | false = false,
): Promise<IncomingMessage> {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers =
    bytes === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': bytes.length };
  const sent = request({ socketPath, method, path: `/v1.41${path}`, headers, agent });
  sent.end(bytes);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

async function ask(...words: Parameters<typeof open>): Promise<void> {
  const response = await open(...words);
  const bytes = await buffer(response);
  if ((response.statusCode ?? 500) >= 400) throw new Error(`${words[1]} ${words[2]}: ${bytes}`);
}

/** Of what answers and of what it has started, while no container runs: dockerd has a containerd. */
function reportMemory(title: string, sides: readonly Side[]): void {
  const each = sides.map(({ name, pid }) => `${name} ${(pssOfTree(pid) / 1024).toFixed(0)} MiB`);
  print([`${title} (PSS)`, `  ${each.join('  ')}`]);
}
