import { readdirSync, readFileSync } from 'node:fs';
import { median, run } from './measure.ts';
import type { NetworkPeer } from './network-peers.ts';
import { clockless } from './peers.ts';
import { print, verdict } from './report.ts';

const CONTAINERS = 200;
const NETWORKS = 50;
/** What is timed is timed this often, on the way from few to many. */
const SAMPLES = 9;
/** Few and many in turn: the speed of the machine drifts more than what is looked for. */
const ROUNDS = 5;
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
  const options = ['--network', 'crowd', '-p', '127.0.0.1::80', image, 'sleep', '100000'];
  const words = (name: string) => ['run', '-d', '--name', name, ...options];
  const networks = ['crowd', ...numbered('net', NETWORKS - 1)];
  const others = numbered('crowd', CONTAINERS - 1);
  for (const name of networks) await clockless(peer, ['network', 'create', name]);
  const rules = countRules(peer);
  const rounds: { first: number; last: number; rules: number; memory: string }[] = [];
  try {
    while (rounds.length < ROUNDS) {
      const first = await onePlusMany(clock, peer, words('crowd-one'));
      for (const name of others) await clockless(peer, words(name));
      const last = await onePlusMany(clock, peer, words('crowd-one'));
      rounds.push({ first, last, rules: countRules(peer), memory: pssPerContainer(others.length) });
      await clockless(peer, [...peer.remove, ...others]);
    }
  } finally {
    await clockless(peer, [...peer.remove, ...others]);
    await clockless(peer, ['network', 'rm', ...networks]);
  }
  const growth = rounds.map(({ first, last }) => last / first);
  const [first, last] = (['first', 'last'] as const).map((which) =>
    median(rounds.map((round) => round[which])),
  );
  print([
    `${CONTAINERS} containers on one of ${NETWORKS} networks, medians of ${ROUNDS} rounds`,
    `  run -d: ${milliseconds(first ?? 0)} for the first, ${milliseconds(last ?? 0)} for the ${CONTAINERS}th`,
    `  growth: ${shown(growth)}${verdict(median(growth) <= GROWTH, String(GROWTH))}`,
    `  rules: ${rules} without containers, ${rounds.at(-1)?.rules} with ${CONTAINERS}`,
    `  memory of each: ${rounds.at(-1)?.memory}`,
  ]);
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

/** The median and the range. */
function shown(values: readonly number[]): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)];
  return `${middle.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
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
