import { type Candidate, measure } from './measure.ts';
import { clockless, type Peer } from './peers.ts';
import { report } from './report.ts';

const RUNS = 11;
const GIGABYTES = 2;
const LOGGED_MEGABYTES = 256;

/** The output of a foreground container through a pipe, beside what `cat` alone makes of it. */
export async function benchmarkOutput(
  clock: string,
  peers: readonly Peer[],
  reference: (image: 'debian') => string,
): Promise<void> {
  const image = reference('debian');
  for (const peer of peers) await clockless(peer, ['pull', '-q', ...peer.pullOptions, image]);
  const time = (size: string, source: string, options: readonly string[]) => {
    const writes = ['sh', '-c', `${source} | head -c ${size}`];
    const engines = peers.map((peer) => {
      const words = ['run', '--rm', '--network', 'none', ...options, image, ...writes];
      return piped(peer.name, [...peer.command, ...words], peer.env);
    });
    return measure(clock, [piped('cat', writes, {}), ...engines], RUNS);
  };
  const unlogged = ['--log-driver', 'none'];
  report(
    `${GIGABYTES} GB of output, no log`,
    await time(`${GIGABYTES}G`, 'cat /dev/zero', unlogged),
    'output',
  );
  const lines = 'yes "a line of text, as long as many are that servers write to their logs"';
  report(
    `${LOGGED_MEGABYTES} MB of lines, default log`,
    await time(`${LOGGED_MEGABYTES}M`, lines, []),
    'log',
  );
}

function piped(name: string, command: readonly string[], env: Readonly<Record<string, string>>): Candidate {
  return { name, command: ['sh', '-c', '"$@" | cat > /dev/null', 'sh', ...command], env };
}
