import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** One thing to time: what is done before each run is not part of it. */
export interface Candidate {
  name: string;
  command: readonly string[];
  env?: Readonly<Record<string, string>>;
  before?: () => Promise<unknown>;
  /** CPU seconds that others have spent so far on this command's behalf (a daemon). */
  otherCpu?: () => number;
}

/** Medians over the runs of a candidate: seconds, and MiB of its largest process. */
export interface Figures {
  wall: number;
  cpu: number;
  peak: number;
}

/** Times the candidates in turn (A B A B …), after one run each that does not count. */
export async function measure(
  clock: string,
  candidates: readonly Candidate[],
  runs: number,
): Promise<Map<string, Figures>> {
  const samples = new Map(candidates.map(({ name }) => [name, [] as Figures[]]));
  for (let round = 0; round <= runs; round += 1) {
    for (const candidate of candidates) {
      const figures = await once(clock, candidate);
      if (round > 0) samples.get(candidate.name)?.push(figures);
    }
  }
  return new Map([...samples].map(([name, figures]) => [name, medians(figures)]));
}

async function once(clock: string, { command, env, before, otherCpu }: Candidate): Promise<Figures> {
  await before?.();
  const cpuBefore = otherCpu?.() ?? 0;
  const { stdout } = await run(clock, [...command], { env: { ...process.env, ...env } });
  const [wall = 0, user = 0, system = 0, peak = 0] = stdout.split(' ').map(Number);
  return {
    wall: wall / 1e9,
    cpu: (user + system) / 1e6 + (otherCpu?.() ?? 0) - cpuBefore,
    peak: peak / 1024,
  };
}

function medians(figures: readonly Figures[]): Figures {
  const of = (key: keyof Figures) => median(figures.map((one) => one[key]));
  return { wall: of('wall'), cpu: of('cpu'), peak: of('peak') };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2;
}
