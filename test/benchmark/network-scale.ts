import { readdirSync, readFileSync } from 'node:fs';
import { median, run } from './measure.ts';
import type { NetworkPeer } from './network-peers.ts';
import { clockless } from './peers.ts';
import { print, verdict } from './report.ts';

const CONTAINERS = 200;
const NETWORKS = 50;
/** What is timed is timed this often, on the way from few to many. */
const SAMPLES = 9;
/** What `run` costs among many, in relation to the first. */
const GROWTH = 1.2;

/** What many containers and networks do to the time that one more takes. Of skiff alone: its peers say nothing of it. */
export async function benchmarkScale(
  clock: string,
  peers: readonly NetworkPeer[],
  image: string,
): Promise<void> {
  const peer = peers.find(({ name }) => name === 'skiff');
  if (peer === undefined) return;
  await manyNetworks(clock, peer);
  await manyContainers(clock, peer, image);
}

async function manyNetworks(clock: string, peer: NetworkPeer): Promise<void> {
  const others = numbered('net', NETWORKS - 1);
  const few = await createAndRemove(clock, peer);
  for (const name of others) await clockless(peer, ['network', 'create', name]);
  const many = await createAndRemove(clock, peer);
  await clockless(peer, ['network', 'rm', ...others]);
  for (const [index, command] of ['create', 'rm'].entries()) {
    const [first = Number.NaN, last = Number.NaN] = [few[index], many[index]];
    print([
      `network ${command}: ${milliseconds(first)} for the first, ${milliseconds(last)} for the ${NETWORKS}th`,
    ]);
  }
}

async function createAndRemove(clock: string, peer: NetworkPeer): Promise<[number, number]> {
  const create: number[] = [];
  const remove: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    create.push(await timed(clock, peer, ['network', 'create', 'one']));
    remove.push(await timed(clock, peer, ['network', 'rm', 'one']));
  }
  return [median(create), median(remove)];
}

async function manyContainers(clock: string, peer: NetworkPeer, image: string): Promise<void> {
  const words = (name: string) => [
    'run',
    '-d',
    '--name',
    name,
    '--network',
    'crowd',
    '-p',
    '127.0.0.1::80',
    image,
    'sleep',
    '100000',
  ];
  const networks = ['crowd', ...numbered('net', NETWORKS - 1)];
  const started: string[] = [];
  for (const name of networks) await clockless(peer, ['network', 'create', name]);
  try {
    const rules = countRules(peer);
    const points: [number, number][] = [];
    for (const count of [0, 50, 100, CONTAINERS - 1]) {
      while (started.length < count) {
        const name = `crowd-${started.length + 1}`;
        await clockless(peer, words(name));
        started.push(name);
      }
      points.push([count + 1, await onePlusMany(clock, peer, words('crowd-one'))]);
    }
    tell(points, rules, countRules(peer));
    print([`  memory of each: ${pssPerContainer(started.length)}`]);
  } finally {
    const before = performance.now();
    await clockless(peer, [...peer.remove, ...started]);
    print([`  rm -f of all: ${milliseconds((performance.now() - before) / 1000)}`]);
    await clockless(peer, ['network', 'rm', ...networks]);
  }
}

/** Starts one more, and removes it again. */
async function onePlusMany(clock: string, peer: NetworkPeer, words: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    times.push(await timed(clock, peer, words));
    await clockless(peer, [...peer.remove, 'crowd-one']);
  }
  return median(times);
}

function tell(points: readonly [number, number][], before: number, after: number): void {
  const first = points[0]?.[1] ?? Number.NaN;
  const last = points.at(-1)?.[1] ?? Number.NaN;
  print([
    `${CONTAINERS} containers on one of ${NETWORKS} networks`,
    ...points.map(
      ([nth, seconds]) =>
        `  run -d, the ${nth}th: ${milliseconds(seconds)}, ${(seconds / first).toFixed(3)} of the first`,
    ),
    `  growth: ${(last / first).toFixed(3)}${verdict(last / first <= GROWTH, String(GROWTH))}`,
    `  rules: ${before} without containers, ${after} with ${CONTAINERS}`,
  ]);
}

function countRules({ host }: NetworkPeer): number {
  const objects: object[] = JSON.parse(host.run('nft', '--json', 'list', 'ruleset')).nftables;
  return objects.filter((object) => 'rule' in object).length;
}

/** Of the helper's processes in all network namespaces: monitors and resolvers, as their command lines say. */
function pssPerContainer(containers: number): string {
  let [total, processes] = [0, 0];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('skiff-helper')) continue;
      total += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
      processes += 1;
    } catch {
      // It ended meanwhile.
    }
  }
  return `${(total / containers).toFixed(0)} kB in ${(processes / containers).toFixed(2)} processes`;
}

/** Wall seconds. */
async function timed(clock: string, peer: NetworkPeer, words: readonly string[]): Promise<number> {
  const { stdout } = await run(clock, [...peer.command, ...words], { env: { ...process.env, ...peer.env } });
  return Number(stdout.split(' ')[0]) / 1e9;
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(1)} ms`;
}
