import type { Figures } from './measure.ts';

/** At most this many times what the peer takes. */
type Budget = Readonly<Partial<Record<string, number>>>;

const BUDGETS: Readonly<Record<string, Budget>> = {
  version: { docker: 0.7 },
  ps: { docker: 0.7 },
  run: { docker: 0.08, podman: 0.1 },
  pull: { docker: 0.6, podman: 0.6 },
  exec: { docker: 0.35 },
  'run -d': { podman: 0.15 },
  'push nothing': { docker: 0.6 },
  output: { cat: 1.11 },
  build: { docker: 0.8 },
  'build cached': { docker: 0.5 },
  'build changed': { docker: 0.6 },
};

/** Prints the medians of all, and how skiff's wall time and CPU time compare with the budget. */
export function report(title: string, figures: ReadonlyMap<string, Figures>, kind: string): void {
  const own = figures.get('skiff');
  print([title]);
  for (const [name, { wall, cpu, peak }] of figures) {
    const budget = BUDGETS[kind]?.[name];
    const times = `wall ${milliseconds(wall)}  cpu ${milliseconds(cpu)}  peak ${peak.toFixed(0).padStart(4)} MiB`;
    const ratios =
      own === undefined || name === 'skiff'
        ? ''
        : `  skiff/${name}: wall ${(own.wall / wall).toFixed(3)} cpu ${(own.cpu / cpu).toFixed(3)}`;
    const held = budget === undefined ? '' : verdict((own?.wall ?? 0) / wall <= budget, `${budget}`);
    print([`  ${name.padEnd(7)} ${times}${ratios}${held}`]);
  }
}

export function verdict(held: boolean, budget: string): string {
  return ` (at most ${budget}: ${held ? 'held' : 'MISSED'})`;
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(1).padStart(8)} ms`;
}

export function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
