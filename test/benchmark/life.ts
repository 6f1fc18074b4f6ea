import { readFileSync } from 'node:fs';
import { type Candidate, measure } from './measure.ts';
import { clockless, type Peer } from './peers.ts';
import { print, report, verdict } from './report.ts';

const RUNS = 11;
const SERIES = 50;
const SERIES_RUNS = 3;
const MONITOR_PSS_KB = 200;

/** A command without the engine's own part. */
type Words = (peer: Peer) => readonly string[];

/** What a container goes through between its birth and its death, beside the peers. */
export async function benchmarkLife(
  clock: string,
  peers: readonly Peer[],
  reference: (image: 'busybox') => string,
): Promise<void> {
  const image = reference('busybox');
  const sleeper = ['--network', 'none', image, 'sleep', '1000'];
  for (const peer of peers) await clockless(peer, ['pull', '-q', ...peer.pullOptions, image]);
  const time = (words: Words, before: readonly Words[]) =>
    measure(
      clock,
      peers.map((peer) => step(peer, words, before)),
      RUNS,
    );

  for (const peer of peers) await clockless(peer, ['run', '-d', '--name', 'long', ...sleeper]);
  report('exec true', await time(() => ['exec', 'long', 'true'], []), 'exec');
  await reportMonitor(peers);
  for (const peer of peers) await clockless(peer, [...peer.remove, 'long']);

  const gone = ({ remove }: Peer) => [...remove, 'one'];
  const made = () => ['create', '--name', 'one', ...sleeper];
  const running = () => ['run', '-d', '--name', 'one', ...sleeper];
  report('run -d', await time(running, [gone]), 'run -d');
  report('create', await time(made, [gone]), 'create');
  report('start', await time(() => ['start', 'one'], [gone, made]), 'start');
  report('stop -t 0', await time(() => ['stop', '-t', '0', 'one'], [gone, running]), 'stop');
  report('rm -f', await time(gone, [gone, running]), 'rm');
  for (const peer of peers) await clockless(peer, gone(peer)).catch(() => {});

  const series = (parallel: number) =>
    measure(
      clock,
      peers.map((peer) => many(peer, sleeper, parallel)),
      SERIES_RUNS,
    );
  report(`${SERIES} × run -d, one after another`, await series(1), 'run -d');
  report(`${SERIES} × run -d, 8 at a time`, await series(8), 'run -d');
  for (const peer of peers) await removeSeries(peer);
}

/** A command, timed after others that are not; those may fail, as for a container that is not there. */
function step(peer: Peer, words: Words, before: readonly Words[]): Candidate {
  return {
    name: peer.name,
    command: [...peer.command, ...words(peer)],
    env: peer.env,
    before: async () => {
      for (const command of before) await clockless(peer, command(peer)).catch(() => {});
    },
    ...(peer.otherCpu === undefined ? {} : { otherCpu: peer.otherCpu }),
  };
}

function many(peer: Peer, sleeper: readonly string[], parallel: number): Candidate {
  const script = `seq ${SERIES} | xargs -P ${parallel} -I NUMBER "$@" > /dev/null`;
  const command = [...peer.command, 'run', '-d', '--name', 'series-NUMBER', ...sleeper];
  return {
    ...step(peer, () => [], []),
    command: ['sh', '-c', script, 'sh', ...command],
    before: () => removeSeries(peer),
  };
}

async function removeSeries(peer: Peer): Promise<void> {
  const names = Array.from({ length: SERIES }, (_, index) => `series-${index + 1}`);
  await clockless(peer, [...peer.remove, ...names]).catch(() => {});
}

/** What stays of skiff with a container: its monitor. */
async function reportMonitor(peers: readonly Peer[]): Promise<void> {
  const peer = peers.find(({ name }) => name === 'skiff');
  if (peer === undefined) return;
  const { stdout } = await clockless(peer, ['inspect', '--format', '{{.State.Pid}}', 'long']);
  const monitor = /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${stdout.trim()}/status`, 'utf8'))?.[1];
  const pss = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${monitor}/smaps_rollup`, 'utf8'))?.[1]);
  print([
    `  memory of skiff for a running container: ${pss} kB${verdict(pss <= MONITOR_PSS_KB, `${MONITOR_PSS_KB} kB`)}`,
  ]);
}
