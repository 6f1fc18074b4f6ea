import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseStateRecord } from '../../src/runtime/monitor/records.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { LONG } from '../helpers/long.ts';
import { leftovers, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);

const ROUNDS = LONG ? 200 : 60;
const LINES = 40;
const CODE = 7;

const SCRIPT = `i=0; while [ $i -lt ${LINES} ]; do echo line $i; i=$((i+1)); usleep 500; done; exit ${CODE}`;
const EVERY_LINE = Array.from({ length: LINES }, (_, i) => `line ${i}`).join('\n');

type Victim = 'client' | 'monitor' | 'init';

describe('SIGKILL at any moment', () => {
  const hits = { client: 0, monitor: 0, init: 0 };
  /**
   * How long a run takes that nobody strikes, and how long there is a state record of it, in ms: blows on a client fall
   * from before there is a row until after the end, those on others from the record on.
   */
  const usual = { client: 0, others: 0 };

  beforeAll(async () => {
    const runs = [];
    for (let round = 0; round < 5; round++) {
      const begun = performance.now();
      const child = store.start(['run', '--rm', busybox, 'sh', '-c', SCRIPT]);
      await beginningOf(child);
      const recorded = performance.now();
      await child;
      runs.push({ client: performance.now() - begun, others: performance.now() - recorded });
    }
    for (const who of ['client', 'others'] as const)
      usual[who] = runs.map((run) => run[who]).sort((one, other) => one - other)[2] ?? 0;
  });

  /** Resolves when there is a state record, or no container any more. */
  async function beginningOf(child: ReturnType<typeof store.start>): Promise<void> {
    let ended = false;
    void child.then(() => {
      ended = true;
    });
    await until(() => pidOf('monitor') !== undefined || ended);
  }

  it.each(['client', 'monitor', 'init'] as const)(
    'of the %s leaves true states, whole logs and no traces',
    async (victim) => {
      for (let round = 0; round < ROUNDS / 3; round++) {
        const name = `${victim}-${round}`;
        const usually = victim === 'client' ? usual.client : usual.others;
        if (await strike(name, victim, (round / (ROUNDS / 3)) * usually * 1.2)) hits[victim] += 1;
        await verify(name);
      }
      expect(hits[victim]).toBeGreaterThan(ROUNDS / 3 / 4);
      expect(leftovers(store)).toEqual([]);
    },
  );

  /** Starts a container and kills one of its processes `after` milliseconds; false when it was gone already. */
  async function strike(name: string, victim: Victim, after: number): Promise<boolean> {
    const child = store.start(['run', '--name', name, busybox, 'sh', '-c', SCRIPT]);
    let ended = false;
    const finished = child.then(() => {
      ended = true;
    });
    if (victim !== 'client') await beginningOf(child);
    // Not to wait for something: each round strikes a little later.
    await new Promise((resume) => setTimeout(resume, after));
    const pid = victim === 'client' ? child.pid : pidOf(victim);
    const hit = pid !== undefined && !ended && kill(pid);
    await finished;
    return hit;
  }

  /** By the state record of the one container that runs. */
  function pidOf(victim: 'monitor' | 'init'): number | undefined {
    for (const name of existsSync(store.runRoot) ? readdirSync(store.runRoot) : []) {
      const file = join(store.runRoot, name, 'state');
      if (name === 'gone' || !existsSync(file)) continue;
      try {
        return parseStateRecord(readFileSync(file, 'utf8'))?.[victim].pid;
      } catch {
        return undefined;
      }
    }
    return undefined;
  }

  function kill(pid: number): boolean {
    try {
      process.kill(pid, 'SIGKILL');
      return true;
    } catch {
      return false;
    }
  }

  /** Whatever the blow met: the state is one that can be, and an exit that the container made itself has all its lines. */
  async function verify(name: string): Promise<void> {
    const stdout = await store.ok(['ps', '-a', '--no-trunc']);
    if (!stdout.includes(name)) return; // before there was a container
    await store.ok(['wait', name]);
    const [{ State }] = JSON.parse(await store.ok(['inspect', name]));
    expect(['created', 'exited']).toContain(State.Status);
    expect(State.Running).toBe(false);
    if (State.Status === 'exited' && State.ExitCode === CODE)
      expect(await store.ok(['logs', name])).toBe(EVERY_LINE);
    else if (State.Status === 'exited') expect([137, 255]).toContain(State.ExitCode);
    await store.ok(['rm', name]);
  }
});
