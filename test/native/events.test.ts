import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finished, useRoom } from '../helpers/plan.ts';

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
        Actor: { ID: container.id, Attributes: { ...named, exitCode: '3', execDuration: '0' } },
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
});
