import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodePlan, encodePlan, type PlanRecord } from '../../src/runtime/record.ts';
import { finished, type PlannedContainer, printed, useRoom } from '../helpers/plan.ts';

const room = useRoom();
const SECRET = 'hunter2';

/** The records of a secret, of which the plan on the disk has the mount only. */
function secretIn(container: PlannedContainer, mode = '440'): PlanRecord[] {
  const directory = container.path('memory');
  mkdirSync(directory, { recursive: true });
  const hex = Buffer.from(SECRET).toString('hex');
  return [
    ['memory', directory],
    ['memory-file', join(directory, 'it'), mode, '7', '8', hex],
    ['bind', join(directory, 'it'), '/secret', 'mkfile,ro'],
  ];
}

/** Starts a container by a plan that comes on its standard input: that of the file with more records. */
function startSecretly(
  container: PlannedContainer,
  more: readonly PlanRecord[],
  process: readonly PlanRecord[],
) {
  const records = decodePlan(readFileSync(container.planPath)).flatMap((record): PlanRecord[] => {
    if (record[0] === 'pivot') return [...more, record];
    return record[0] === 'process' ? [record, ...process] : [record];
  });
  const child = container.start('attach', 'pipe', ['secret']);
  child.stdin?.end(encodePlan(records));
  return child;
}

describe('a file in memory', () => {
  it('is what the plan on standard input says, and neither on a disk nor seen by others', async () => {
    const line = 'echo up; cat /secret; ls -ln /secret; echo x > /secret; echo "$WORD"; read x < /tmp/pipe';
    const container = room.plan({ args: ['sh', '-c', `mkfifo /tmp/pipe; ${line}`] });
    const child = startSecretly(container, secretIn(container), [['env', 'WORD=hunter3']]);
    let said = '';
    child.stdout?.on('data', (text) => {
      said += String(text);
    });
    const told = finished(child);
    await printed(child, 'hunter3');
    expect(readdirSync(container.path('memory'))).toEqual([]);
    expect(readFileSync(container.planPath).includes(SECRET)).toBe(false);
    await container.ask('signal 9');
    const { stderr, code } = await told;
    expect(said).toMatch(/^up\nhunter2-r--r----- +1 7 +8 /);
    expect([stderr, code]).toEqual([expect.stringContaining('Read-only file system'), 137]);
    expect(container.leftovers()).toEqual([]);
  });

  it.each(['', 'no plan', 'skiff-plan\x001\x00'])(
    'needs a plan on standard input: %j is none',
    async (input) => {
      const container = room.plan({ args: ['true'] });
      const child = container.start('attach', 'pipe', ['secret']);
      child.stdin?.end(input);
      const { code, stderr } = await finished(child);
      expect([code, stderr]).toEqual([125, expect.stringContaining('plan')]);
    },
  );

  it('is made before the container sees its root, or not at all', async () => {
    const container = room.plan({ args: ['true'], afterPivot: [['memory', '/tmp']] });
    expect((await container.run()).stderr).toContain('mount');
  });
});
