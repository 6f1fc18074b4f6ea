import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { builtProgram } from '../helpers/built-program.ts';
import {
  finished,
  HELPER_IS_STATIC,
  makeLayer,
  type PlannedContainer,
  printed,
  useRoom,
} from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

/** SKIFF_SEIZE=500 is the number to try by hand. */
const TRIES = Number(process.env['SKIFF_SEIZE'] ?? 120);

/** Docker's default set and CAP_SYS_PTRACE. */
const CAPABILITIES = 'a80c25fb';
const ALLOW_ALL = Buffer.from('060000000000ff7f', 'hex');

const room = useRoom();
let layer: string;
let confinement: { general: PlanRecord[]; process: PlanRecord[] };

beforeAll(() => {
  layer = join(room.root, 'seizing');
  makeLayer(layer);
  copyFileSync(builtProgram('seize'), join(layer, 'bin/seize'));
  const filter = join(room.root, 'filter');
  writeFileSync(filter, ALLOW_ALL);
  confinement = {
    general: [['seccomp', filter, '']],
    process: [['capabilities', CAPABILITIES, CAPABILITIES, '0', CAPABILITIES, '0']],
  };
});

/** What a process had when it was seized. */
interface Caught {
  excess: bigint;
  filter: string;
}

/** Runs a container that seizes whatever comes into its pid namespace while `work` is done; those it got hold of. */
async function seizing(work: (container: PlannedContainer) => Promise<void>, general: PlanRecord[] = []) {
  const container = room.plan({
    args: ['/bin/seize'],
    layer,
    general: [...confinement.general, ...general],
    process: confinement.process,
  });
  const child = container.start();
  const result = finished(child);
  await printed(child, '\n');
  await work(container);
  await container.ask('stop 15 5000');
  const [own, ...lines] = (await result).stdout.toString().trim().split('\n');
  expect(own).toMatch(new RegExp(`^1 0*${CAPABILITIES} 2$`));
  expect(lines.pop()).toBe('end');
  return lines.map((line): Caught => {
    const [, capabilities = '', filter = ''] = line.split(' ');
    return { excess: BigInt(`0x${capabilities}`) & ~BigInt(`0x${CAPABILITIES}`), filter };
  });
}

const harmful = (caught: Caught[]) => caught.filter(({ excess, filter }) => excess !== 0n || filter !== '2');

describe.runIf(HELPER_IS_STATIC)('a container that may trace', () => {
  it('gets hold of what is exec’ed, but never with more rights than its own', async () => {
    const caught = await seizing(async (container) => {
      for (let i = 0; i < TRIES; i++) {
        const { code, stderr } = await container.execute({ args: ['true'], ...confinement });
        expect([code, stderr]).toEqual([0, '']);
      }
    });
    expect(harmful(caught)).toEqual([]);
    expect(caught.length).toBeGreaterThan(0);
  });

  it('gets hold of its own health checks, but never with more rights than its own', async () => {
    const health: PlanRecord[] = [
      ['health', '20', '10000', '0', '20', '1000000', 'none'],
      ['health-arg', 'sh'],
      ['health-arg', '-c'],
      ['health-arg', 'echo x >>/tmp/n'],
    ];
    const caught = await seizing(async (container) => {
      const count = `/proc/${container.state.init.pid}/root/tmp/n`;
      await until(() => existsSync(count) && readFileSync(count).length >= TRIES / 2);
    }, health);
    expect(harmful(caught)).toEqual([]);
    expect(caught.length).toBeGreaterThan(0);
  });

  it('keeps others from joining its pid namespace, as their first process would be the host’s', async () => {
    const caught = await seizing(async (container) => {
      const { pid, startTime } = container.state.init;
      for (let i = 0; i < TRIES / 5; i++) {
        const { code, stderr } = await room
          .plan({
            args: ['true'],
            namespaces: ['mount', 'uts', 'ipc', 'net', 'cgroup'],
            general: [['join', 'pid', String(pid), String(startTime)]],
          })
          .run();
        expect([code, stderr]).toEqual([125, expect.stringContaining('join: pid: Permission denied')]);
      }
    });
    expect(caught).toEqual([]);
  });
});
