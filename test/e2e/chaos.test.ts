import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStateRecord } from '../../src/runtime/records.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { leftovers, useStore } from '../helpers/skiff.ts';

const store = useStore();
let busybox: string;
useBusybox(store, (reference) => {
  busybox = reference;
});

const ROUNDS = 200;
const LINES = 40;
const CODE = 7;
/** ms from the start of the command: from before there is a row until after the end. */
const LATEST_BLOW = 80;

const SCRIPT = `i=0; while [ $i -lt ${LINES} ]; do echo line $i; i=$((i+1)); usleep 500; done; exit ${CODE}`;
const EVERY_LINE = Array.from({ length: LINES }, (_, i) => `line ${i}`).join('\n');

type Victim = 'client' | 'monitor' | 'init';

describe('SIGKILL at any moment', () => {
  const hits = { client: 0, monitor: 0, init: 0 };

  it.each(['client', 'monitor', 'init'] as const)(
    'of the %s leaves true states, whole logs and no traces',
    async (victim) => {
      for (let round = 0; round < ROUNDS / 3; round++) {
        const name = `${victim}-${round}`;
        if (await strike(name, victim, (round / (ROUNDS / 3)) * LATEST_BLOW)) hits[victim] += 1;
        await verify(name);
      }
      expect(hits[victim]).toBeGreaterThan(ROUNDS / 3 / 4);
      expect(leftovers(store)).toEqual([]);
    },
  );

  /** Starts a container and kills one of its processes some milliseconds later; false when it was gone already. */
  async function strike(name: string, victim: Victim, after: number): Promise<boolean> {
    const child = store.start(['run', '--name', name, busybox, 'sh', '-c', SCRIPT]);
    let ended = false;
    const finished = child.then(() => {
      ended = true;
    });
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
    const { stdout } = await store.skiff(['ps', '-a', '--no-trunc']);
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
