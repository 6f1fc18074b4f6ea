import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { clockless, type Peer } from './peers.ts';
import { print, verdict } from './report.ts';

const CONTAINERS = 50;
/** Measured after each of them: what grows does so all the time. */
const QUARTERS = 4;
const QUARTER_MS = 15_000;
/** Of one monitor's own memory, from the first measurement to the last. */
const GROWTH_KB = 4;
const MONITOR_PSS_KB = 200;
const TICKS_PER_SECOND = 100;

interface Sample {
  /** kB; while a check is being forked, half of what it has alone. */
  pss: number;
  /** kB that lie in no file, whoever shares them: what a leak would be in. */
  anonymous: number;
  /** Clock ticks that they and the checks that they have waited for used so far: their own, their children's. */
  own: number;
  checks: number;
}

/** Monitors of containers whose health is checked every second, for a minute: what they use, and that none grows. */
export async function benchmarkHealth(
  _clock: string,
  peers: readonly Peer[],
  reference: (image: 'busybox') => string,
): Promise<void> {
  const peer = peers.find(({ name }) => name === 'skiff');
  if (peer === undefined) return;
  const image = reference('busybox');
  await clockless(peer, ['pull', '-q', ...peer.pullOptions, image]);
  const names = Array.from({ length: CONTAINERS }, (_, index) => `checked-${index + 1}`);
  const check = ['--health-cmd', 'true', '--health-interval', '1s', '--network', 'none'];
  try {
    for (const name of names)
      await clockless(peer, ['run', '-d', '--name', name, ...check, image, 'sleep', '1000']);
    const monitors = await Promise.all(names.map((name) => monitorOf(peer, name)));
    await delay(QUARTER_MS);
    const samples = [monitors.map(sample)];
    for (let quarter = 0; quarter < QUARTERS; quarter += 1) {
      await delay(QUARTER_MS);
      samples.push(monitors.map(sample));
    }
    const { stdout } = await clockless(peer, ['ps', '-q', '--filter', 'health=healthy']);
    tell(samples, stdout.trim().split('\n').length);
  } finally {
    await clockless(peer, [...peer.remove, ...names]).catch(() => {});
  }
}

async function monitorOf(peer: Peer, name: string): Promise<string> {
  const { stdout } = await clockless(peer, ['inspect', '--format', '{{.State.Pid}}', name]);
  return /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${stdout.trim()}/status`, 'utf8'))?.[1] ?? '';
}

function sample(pid: string): Sample {
  const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const pss = Number(/^Pss:\s+(\d+)/m.exec(memory)?.[1]);
  const anonymous = Number(/^Anonymous:\s+(\d+)/m.exec(memory)?.[1]);
  // Behind the name, which may hold anything: proc_pid_stat(5), fields 14 to 17.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
  return { pss, anonymous, own: user + system, checks: childUser + childSystem };
}

function tell(samples: readonly Sample[][], healthy: number): void {
  const sum = (of: readonly Sample[] | undefined, key: keyof Sample) =>
    (of ?? []).reduce((total, one) => total + one[key], 0);
  const [first, last] = [samples[0], samples.at(-1)];
  const seconds = (QUARTERS * QUARTER_MS) / 1000;
  const percents = (key: 'own' | 'checks') =>
    samples
      .slice(1)
      .map((one, index) => (sum(one, key) - sum(samples[index], key)) / TICKS_PER_SECOND)
      .map((used) => `${((100_000 * used) / QUARTER_MS).toFixed(1)} %`)
      .join(', ');
  const growth = Math.max(
    ...(last ?? []).map(({ anonymous }, index) => anonymous - (first?.[index]?.anonymous ?? 0)),
  );
  const each = sum(last, 'pss') / CONTAINERS;
  print([
    `${CONTAINERS} containers, each checked every second, for ${seconds} s (${healthy} are healthy)`,
    `  memory of all monitors, every ${QUARTER_MS / 1000} s: ${samples.map((one) => `${sum(one, 'pss')} kB`).join(', ')}`,
    `  of one: ${each.toFixed(0)} kB${verdict(each <= MONITOR_PSS_KB, `${MONITOR_PSS_KB} kB`)}`,
    `  own memory of the one that grew most: ${growth} kB more${verdict(growth <= GROWTH_KB, `${GROWTH_KB} kB`)}`,
    `  of one CPU in each ${QUARTER_MS / 1000} s: all monitors ${percents('own')}; their checks ${percents('checks')}`,
  ]);
}
