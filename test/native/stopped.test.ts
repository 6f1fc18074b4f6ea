import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { builtProgram } from '../helpers/built-program.ts';
import {
  DEFAULT_CAPABILITIES,
  finished,
  HELPER_IS_STATIC,
  makeLayer,
  type PlannedContainer,
  printed,
  type Result,
  useRoom,
} from '../helpers/plan.ts';

/** On a busy machine what is new may have executed its command before anybody sees it. */
const TRIES = 200;

/** Docker's default set and CAP_SYS_PTRACE. */
const TRACING = 'a80c25fb';

/** The descriptor of a new process on which it reports a failure. */
const REPORT = '3';

const room = useRoom();
let layer: string;

beforeAll(() => {
  layer = join(room.root, 'stopping');
  makeLayer(layer);
  copyFileSync(builtProgram('stop'), join(layer, 'bin/stop'));
});

/** Does it, in reach of a container that catches what it sees, until something was caught; how that one ended. */
async function caught(
  act: (catching: PlannedContainer) => Promise<Result>,
  { args = ['/bin/stop'], capabilities = DEFAULT_CAPABILITIES } = {},
): Promise<Result> {
  const catching = room.plan({ args, layer, process: [capabilities] });
  const child = catching.start();
  const result = finished(child);
  let lines = 0;
  child.stdout?.on('data', (text) => {
    lines += String(text).split('\n').length - 1;
  });
  await printed(child, '\n');
  let last = await act(catching);
  for (let i = 0; i < TRIES && last.code === 0 && lines < 2; i++) last = await act(catching);
  expect(await catching.ask('stop 9 0')).toContain('exit 137');
  const [, ...pids] = (await result).stdout.toString().trim().split('\n');
  expect(pids).not.toEqual([]);
  expect(catching.leftovers()).toEqual([]);
  return last;
}

describe.runIf(HELPER_IS_STATIC)('a container that catches whatever is born in its pid namespace', () => {
  it.concurrent('does not hold up an exec: what it keeps stopped is killed, and that is said', async () => {
    const { code, stderr } = await caught((container) => container.execute({ args: ['true'] }));
    expect([code, stderr]).toEqual([125, expect.stringContaining('stopped: process: ')]);
  });

  it.concurrent('does not hold up an exec by a copy of the pipe on which it reports', async () => {
    const capabilities: PlanRecord = ['capabilities', TRACING, TRACING, '0', TRACING, '0'];
    const args = ['/bin/stop', REPORT];
    const { code, stderr, stdout } = await caught(
      (container) => container.execute({ args: ['echo', 'done'], process: [capabilities] }),
      { args, capabilities },
    );
    expect([code, stderr, stdout.toString()]).toEqual([0, '', 'done\n']);
  });

  it.concurrent('does not hold up the start of another that joins it', async () => {
    const { code, stderr } = await caught(async ({ state: { init } }) => {
      const general: PlanRecord[] = [['join', 'pid', String(init.pid), String(init.startTime)]];
      const namespaces = ['mount', 'uts', 'ipc', 'net', 'cgroup'];
      const joining = room.plan({ args: ['true'], namespaces, general });
      const outcome = await joining.run();
      expect(joining.leftovers()).toEqual([]);
      return outcome;
    });
    expect([code, stderr]).toEqual([125, expect.stringContaining('stopped: process: ')]);
  });
});
