import { readFileSync, watch, writeFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import type { Cgroup } from './paths.ts';

/** How long the last process may take to stop: what is stuck in the kernel, waiting for a disk, cannot be frozen. */
const PATIENCE_MS = 10_000;

/**
 * The freezer of v1 tells nobody when it is done (kernel's cgroup-v1/freezer-subsystem.rst): it can only be asked again,
 * soon at first, as a container of few processes is frozen at once.
 */
const FIRST_LOOK_MS = 1;
const LONGEST_PAUSE_MS = 20;

/**
 * Whether everything in a container stands still, frozen by itself or together with a cgroup above it: one small file.
 * A container that is gone is not frozen.
 */
export function isFrozen(cgroup: Cgroup): boolean {
  return stateOf(cgroup) === 'frozen';
}

/** The state of a freezer; `freezing`: some processes stand still already. */
type FreezerState = 'frozen' | 'thawed' | 'freezing';

function stateOf({ version, path }: Cgroup): FreezerState {
  if (version === 'v1') {
    const state = read(`${path}/freezer.state`)?.trim();
    return state === 'FROZEN' ? 'frozen' : state === 'FREEZING' ? 'freezing' : 'thawed';
  }
  if (/^frozen 1$/m.test(read(`${path}/cgroup.events`) ?? '')) return 'frozen';
  return read(`${path}/cgroup.freeze`)?.trim() === '1' ? 'freezing' : 'thawed';
}

/**
 * Stops every process of a container and resolves when all stand still. When one does not in time, all go on, and this
 * throws `unavailable`; so it does when the container ended meanwhile. Throws `unsupported` when the kernel has no freezer.
 */
export async function freeze(cgroup: Cgroup): Promise<void> {
  order(cgroup, 'freeze');
  try {
    await (cgroup.version === 'v1' ? askAgain(cgroup) : waitForEvent(cgroup));
  } catch (error) {
    thaw(cgroup);
    throw error;
  }
}

/** Lets everything go on. One that is gone is fine. */
export function thaw(cgroup: Cgroup): void {
  try {
    order(cgroup, 'thaw');
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
  }
}

function order({ version, path }: Cgroup, what: 'freeze' | 'thaw'): void {
  const file = version === 'v1' ? `${path}/freezer.state` : `${path}/cgroup.freeze`;
  const value = what === 'freeze' ? { v1: 'FROZEN', v2: '1' } : { v1: 'THAWED', v2: '0' };
  try {
    writeFileSync(file, value[version], { flag: 'r+' });
  } catch (cause) {
    throw new EngineError('unsupported', `${file} cannot be written: ${(cause as Error).message}`, {
      subject: file,
      cause,
      hint: 'freezing needs the freezer of cgroup v1, or Linux 5.2 with cgroup v2',
    });
  }
}

/**
 * Gives the order again until all stand still: a process that forks while it is being frozen may leave the state at
 * FREEZING.
 */
async function askAgain(cgroup: Cgroup): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (
    let pause = FIRST_LOOK_MS;
    stateOf(cgroup) !== 'frozen';
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
  ) {
    if (performance.now() >= until) throw stubborn(cgroup);
    await new Promise((resolve) => setTimeout(resolve, pause));
    order(cgroup, 'freeze');
  }
}

/** The kernel reports each change of cgroup.events as a modification of the file (cgroup-v2.rst). */
async function waitForEvent(cgroup: Cgroup): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(`${cgroup.path}/cgroup.events`);
    const timer = setTimeout(() => settle(() => reject(stubborn(cgroup))), PATIENCE_MS);
    const settle = (finish: () => void): void => {
      watcher.close();
      clearTimeout(timer);
      finish();
    };
    const look = (): void => {
      if (stateOf(cgroup) === 'frozen') settle(resolve);
    };
    watcher.on('change', look);
    watcher.on('error', (cause) => settle(() => reject(cause)));
    // What was frozen before somebody watched changes no more.
    look();
  });
}

function stubborn({ path }: Cgroup): EngineError {
  return new EngineError('unavailable', `not everything in ${path} stood still within ten seconds`, {
    subject: path,
    hint: 'a process that waits for a disk or a network file system cannot be frozen',
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}
