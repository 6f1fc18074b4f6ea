import { execFileSync } from 'node:child_process';
import { constants, existsSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { finished, type PlannedContainer, useRoom } from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();
const MEMBERS = '"image":"ketch","name":"mast"';

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

describe('the journal of events', () => {
  it('gets a line for the start and the end of a container', async () => {
    const path = join(room.root, 'events');
    const container = room.plan({ args: ['sh', '-c', 'exit 3'], general: [['events', path, MEMBERS]] });
    await container.run();
    const events = linesOf(path).map((line) => JSON.parse(line));
    const named = { image: 'ketch', name: 'mast' };
    expect(events).toMatchObject([
      { Type: 'container', Action: 'start', Actor: { ID: container.id, Attributes: named }, scope: 'local' },
      {
        Action: 'die',
        Actor: {
          ID: container.id,
          Attributes: { ...named, exitCode: '3', execDuration: expect.stringMatching(/^\d+$/) },
        },
      },
    ]);
  });

  it('calls a container what it is called by now', async () => {
    const path = join(room.root, 'renamed');
    const container = room.plan({ args: ['sleep', '1000'], general: [['events', path, MEMBERS]] });
    await container.detach();
    const members = '"image":"ketch","name":"boom"';
    writeFileSync(join(container.runDir, 'event-attributes.new'), members);
    renameSync(join(container.runDir, 'event-attributes.new'), join(container.runDir, 'event-attributes'));
    await container.execute({ args: ['true'], general: [['events', path, MEMBERS]] });
    await container.ask('stop 9 0');
    const events = linesOf(path).map((line) => JSON.parse(line));
    expect(events.map(({ Action, Actor }) => [Action, Actor.Attributes['name']])).toEqual([
      ['start', 'mast'],
      ...['exec_die', 'kill', 'die', 'stop'].map((action) => [action, 'boom']),
    ]);
    expect(events[3].Actor.Attributes).toMatchObject({ image: 'ketch', exitCode: '137' });
    expect(container.leftovers()).toEqual([]);
  });

  it('is put aside once when it is full, and loses nothing that many write at once', async () => {
    const path = join(room.root, 'full');
    writeFileSync(path, `${'x'.repeat(10_000_000)}\n`);
    const containers = Array.from({ length: 8 }, () =>
      room.plan({ args: ['true'], general: [['events', path, MEMBERS]] }),
    );
    await Promise.all(containers.map((container) => finished(container.start())));
    expect(linesOf(`${path}.1`)[0]).toBe('x'.repeat(10_000_000));
    const lines = [...linesOf(`${path}.1`).slice(1), ...linesOf(path)].map((line) => JSON.parse(line));
    const ends = lines.filter(({ Action }) => Action === 'die').map(({ Actor }) => Actor.ID);
    expect(ends.sort()).toEqual(containers.map(({ id }) => id).sort());
  });

  it.each<[string, PlanRecord[], (container: PlannedContainer) => boolean]>([
    ['ended', [], (container) => existsSync(container.path('exit')) && container.exit.code === 137],
    [
      'ended, and is to be started again',
      [['restart', 'always', '0']],
      ({ state }) => state.restarting !== undefined,
    ],
  ])('tells of an end when a container is known to have %s', async (words, general, isKnown) => {
    const path = join(room.root, `known-${words.length}`);
    const container = room.plan({
      args: ['sleep', '1000'],
      general: [['events', path, MEMBERS], ...general],
    });
    await container.detach();
    rmSync(path);
    execFileSync('mkfifo', [path]);
    process.kill(container.state.init.pid, 'SIGKILL');
    // Whoever writes to it waits until somebody reads.
    await until(() => isKnown(container));
    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    let text = '';
    await until(() => {
      text += readNow(reader.fd);
      return text.includes('\n');
    });
    expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({ Action: 'die' });
    if (general.length > 0) await container.ask('stop 9 0');
    else await until(() => !existsSync(container.runDir));
    await reader.close();
  });
});

function readNow(fd: number): string {
  const buffer = Buffer.alloc(4096);
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
    throw error;
  }
}
