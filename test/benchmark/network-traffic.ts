import { setTimeout as delay } from 'node:timers/promises';
import { median, run } from './measure.ts';
import { HTTP_PORT, IPERF_PORT, SERVER } from './network-image.ts';
import { HOST_ADDRESS, type NetworkPeer } from './network-peers.ts';
import { clockless } from './peers.ts';
import { print } from './report.ts';

const ROUNDS = 12;
const SECONDS = 1;
const CONNECTIONS = 16;
/** Podman holds a port of ::1 for a container without IPv6, and answers nothing there. */
const PATIENCE = { timeout: (SECONDS + 5) * 1000 };
/** A path is to be measured: BBR, where a host prefers it, paces at what it has guessed, half of what goes through. */
const CONGESTION = ['--congestion', 'reno'];
const NETWORK = 'bench';
/** On the host; the container's are other ones. */
const PUBLISHED = { [HTTP_PORT]: 8080, [IPERF_PORT]: 8201 };
/** At least as much as the faster peer; by 127.0.0.1 nearly as much as by the container's own address. */
const OVER_PEER = 1;
const OVER_OWN_ADDRESS = 0.95;

/** A way to the server. */
interface Path {
  title: string;
  /** In the client's container instead of on the host. */
  inside: boolean;
  /** Absent: that of the server's container. */
  address?: string;
}

const OWN_ADDRESS = 'host to container';
const LOOPBACK = 'host to 127.0.0.1, published';

const PATHS: readonly Path[] = [
  { title: 'container to container', inside: true },
  { title: OWN_ADDRESS, inside: false },
  { title: LOOPBACK, inside: false, address: '127.0.0.1' },
  { title: 'host to its other address, published', inside: false, address: HOST_ADDRESS },
  { title: 'host to ::1, published', inside: false, address: '::1' },
];

const LOADS = {
  'iperf3 to': { unit: 'Gbit/s', port: IPERF_PORT, measure: iperf() },
  'iperf3 from': { unit: 'Gbit/s', port: IPERF_PORT, measure: iperf('--reverse') },
  wrk: { unit: 'requests/s', port: HTTP_PORT, measure: wrk },
} as const;

/** By peer, then by path, then by load: one figure for each round; none where the peer publishes nothing. */
type Samples = Map<string, Map<string, Map<string, number[]>>>;

/** Throughput and requests per second on every way to a container, beside the peers. */
export async function benchmarkTraffic(peers: readonly NetworkPeer[], image: string): Promise<void> {
  const addresses = new Map<string, string>();
  try {
    for (const peer of peers) addresses.set(peer.name, await startServer(peer, image));
    const samples: Samples = new Map();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const path of PATHS) {
        for (const [load, { port, measure }] of Object.entries(LOADS)) {
          for (const peer of inTurn(peers, round)) {
            const target =
              path.address === undefined
                ? { address: addresses.get(peer.name) ?? '', port }
                : { address: path.address, port: PUBLISHED[port] };
            const figure = await measure(clientOf(peer, path), target);
            if (figure !== undefined) samplesOf(samples, peer.name, path.title, load).push(figure);
          }
        }
      }
    }
    tell(peers, samples);
  } finally {
    for (const peer of peers) {
      await clockless(peer, [...peer.remove, 'server', 'client']).catch(() => {});
      await clockless(peer, ['network', 'rm', NETWORK]).catch(() => {});
    }
  }
}

/** Another one is first each round: whoever comes after other work is worse off. */
function inTurn<T>(peers: readonly T[], round: number): T[] {
  const first = round % peers.length;
  return [...peers.slice(first), ...peers.slice(0, first)];
}

/** Returns the server's address, once it listens. */
async function startServer(peer: NetworkPeer, image: string): Promise<string> {
  await clockless(peer, ['network', 'create', NETWORK]);
  const ports = ['127.0.0.1', HOST_ADDRESS, '[::1]'].flatMap((address) =>
    Object.entries(PUBLISHED).flatMap(([inside, outside]) => ['-p', `${address}:${outside}:${inside}`]),
  );
  const base = ['run', '-d', '--network', NETWORK];
  await clockless(peer, [...base, '--name', 'server', ...ports, image, ...SERVER]);
  await clockless(peer, [...base, '--name', 'client', image, 'sleep', '100000']);
  const { stdout } = await clockless(peer, ['inspect', 'server']);
  const address: string = JSON.parse(stdout)[0].NetworkSettings.Networks[NETWORK].IPAddress;
  for (let tries = 0; tries < 100; tries += 1) {
    if ([HTTP_PORT, IPERF_PORT].every((port) => listens(peer, address, port))) return address;
    await delay(100);
  }
  throw new Error(`the server of ${peer.name} cannot be reached`);
}

function listens({ host }: NetworkPeer, address: string, port: number): boolean {
  try {
    host.run('bash', '-c', `exec 3<> /dev/tcp/${address}/${port}`);
    return true;
  } catch {
    return false;
  }
}

/** What stands in front of the client's command. */
function clientOf(peer: NetworkPeer, { inside }: Path): readonly string[] {
  return inside ? [...peer.command, 'exec', 'client'] : peer.host.enter;
}

interface Target {
  address: string;
  port: number;
}

/** Gbit/s as the receiver counts. */
function iperf(...direction: readonly string[]) {
  return async ([program = '', ...prefix]: readonly string[], { address, port }: Target) => {
    const words = [
      'iperf3',
      '--client',
      address,
      '--port',
      String(port),
      '--time',
      String(SECONDS),
      '--json',
      ...CONGESTION,
    ];
    const { stdout } = await run(program, [...prefix, ...words, ...direction], PATIENCE).catch(() => ({
      stdout: '{}',
    }));
    const bits: number | undefined = JSON.parse(stdout).end?.sum_received?.bits_per_second;
    return bits === undefined ? undefined : bits / 1e9;
  };
}

async function wrk(
  [program = '', ...prefix]: readonly string[],
  { address, port }: Target,
): Promise<number | undefined> {
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/`;
  const options = ['-t', '1', '-c', String(CONNECTIONS), '-d', `${SECONDS}s`];
  const { stdout } = await run(program, [...prefix, 'wrk', ...options, url], PATIENCE).catch(() => ({
    stdout: '',
  }));
  const figure = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  return figure > 0 ? figure : undefined;
}

function samplesOf(samples: Samples, peer: string, path: string, load: string): number[] {
  const paths = samples.get(peer) ?? new Map<string, Map<string, number[]>>();
  const loads = paths.get(path) ?? new Map<string, number[]>();
  const some = loads.get(load) ?? [];
  samples.set(peer, paths.set(path, loads.set(load, some)));
  return some;
}

function tell(peers: readonly NetworkPeer[], samples: Samples): void {
  for (const { title } of PATHS) {
    print([title]);
    for (const [load, { unit }] of Object.entries(LOADS)) {
      const of = (peer: string, path = title) => samplesOf(samples, peer, path, load);
      const own = of('skiff');
      const columns = peers.map(({ name }) => `${name} ${shown(of(name))}`);
      const ratios = peers
        .filter(({ name }) => name !== 'skiff')
        .map(({ name }) => ratio(`skiff/${name}`, own, of(name), OVER_PEER));
      if (title === LOOPBACK) {
        for (const { name } of peers) {
          const budget = name === 'skiff' ? OVER_OWN_ADDRESS : undefined;
          ratios.push(ratio(`${name}, of its own address`, of(name), of(name, OWN_ADDRESS), budget));
        }
      }
      print([
        `  ${load.padEnd(11)} ${unit}: ${columns.join('  ')}`,
        ...ratios.filter(Boolean).map((line) => `    ${line}`),
      ]);
    }
  }
}

/** The median and the range of what was seen. */
function shown(values: readonly number[]): string {
  if (values.length === 0) return 'nothing';
  const text = (value: number) => value.toFixed(value < 1000 ? 2 : 0);
  return `${text(median(values))} (${text(Math.min(...values))} to ${text(Math.max(...values))})`;
}

/** The median of the ratios of each round: what else the machine does concerns both of a pair. */
function ratio(title: string, own: readonly number[], other: readonly number[], budget?: number): string {
  if (own.length !== other.length || own.length === 0) return '';
  const value = median(own.map((figure, index) => figure / (other[index] ?? Number.NaN)));
  const held = budget === undefined ? '' : ` (at least ${budget}: ${value >= budget ? 'held' : 'MISSED'})`;
  return `${title}: ${value.toFixed(3)}${held}`;
}
