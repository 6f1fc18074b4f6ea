import { type ChildProcess, execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, it } from 'vitest';

/** The script that shows the sentences, and how to call it: `smoke [--few] SKIFF STORE IMAGE`. */
export const SMOKE = join(resolve(import.meta.dirname, '..'), 'smoke/smoke');

/** How one sentence went. */
interface Verdict {
  ok: boolean;
  /** Why it could not be shown here. */
  skipped?: string;
  said: string;
}

/**
 * Makes a test of every sentence of the smoke set. `start` begins a process that prints its lines; one that has not
 * ended after `limit` ms is killed, and what it has printed is shown. With `--few` among the flags, in both, it is asked
 * for what kernels differ in.
 */
export function itShowsTheSmokeSet(
  start: () => Promise<ChildProcess> | ChildProcess,
  limit: number,
  flags: readonly string[] = [],
): void {
  const list = execFileSync('sh', [SMOKE, ...flags, '--list'], { encoding: 'utf8' });
  const sentences = list.trim().split('\n');
  const run = new SmokeRun();
  beforeAll(async () => run.follow(await start(), limit));
  afterAll(() => run.end());
  for (const sentence of sentences) {
    it(sentence, { timeout: limit }, async ({ skip }) => {
      const { ok, skipped, said } = await run.verdict(sentence);
      if (skipped !== undefined) skip(skipped);
      if (!ok) throw new Error(said);
    });
  }
}

/** The lines of one process, sorted by sentence. */
class SmokeRun {
  readonly #verdicts = new Map<string, PromiseWithResolvers<Verdict>>();
  #child: ChildProcess | undefined;
  #ended: Promise<void> | undefined;
  #over = false;

  follow(child: ChildProcess, limit: number): void {
    this.#child = child;
    this.#ended = this.#read(child, limit);
  }

  /** Waits for a sentence; the first that the process never came to has failed with all that it printed. */
  verdict(sentence: string): Promise<Verdict> {
    if (this.#over && !this.#verdicts.has(sentence))
      return Promise.resolve({ ok: false, said: 'the smoke set ended before it came to this' });
    return this.#expected(sentence).promise;
  }

  async end(): Promise<void> {
    this.#child?.kill('SIGTERM');
    await this.#ended;
  }

  async #read(child: ChildProcess, limit: number): Promise<void> {
    if (child.stdout === null) throw new Error('the smoke set has no output');
    const printed: string[] = [];
    let said: string[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, limit);
    child.stderr?.on('data', (chunk) => printed.push(String(chunk).trimEnd()));
    for await (const line of createInterface({ input: child.stdout })) {
      printed.push(line);
      if (line.startsWith('#')) said.push(line.slice(2));
      const verdict = parseVerdict(line);
      if (verdict === undefined) continue;
      this.#expected(verdict.sentence).resolve({ ...verdict, said: said.join('\n') });
      said = [];
    }
    clearTimeout(timer);
    this.#finish(`${late ? `killed after ${limit / 1000} s` : 'ended early'}:\n${printed.join('\n')}`);
  }

  #expected(sentence: string): PromiseWithResolvers<Verdict> {
    const known = this.#verdicts.get(sentence);
    if (known !== undefined) return known;
    const expected = Promise.withResolvers<Verdict>();
    this.#verdicts.set(sentence, expected);
    return expected;
  }

  /** Ends all waiting: whoever still waits waits in vain; those that have been told do not mind. */
  #finish(why: string): void {
    this.#over = true;
    for (const { resolve } of this.#verdicts.values()) resolve({ ok: false, said: why });
  }
}

function parseVerdict(line: string): (Omit<Verdict, 'said'> & { sentence: string }) | undefined {
  const [, not, sentence, skipped] = /^(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$/.exec(line.trimEnd()) ?? [];
  if (sentence === undefined) return undefined;
  return { sentence, ok: not === undefined, ...(skipped === undefined ? {} : { skipped }) };
}
