import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

async function actionsOf(container: string, ...flags: string[]): Promise<string[]> {
  const format = ['--format', '{{.Action}}'];
  const text = await store.ok([
    ...['events', '--since', '1h', '--until', '0s', '-f', `container=${container}`],
    ...format,
    ...flags,
  ]);
  return text.split('\n');
}

describe('events', () => {
  it("tells a container's life, in the words of Docker", async () => {
    await store.ok(['run', '-d', '--name', 'life', '-l', 'team=a', busybox, 'sleep', '1000']);
    await store.ok(['pause', 'life']);
    await store.ok(['unpause', 'life']);
    await store.ok(['update', '--pids-limit', '100', 'life']);
    await store.ok(['top', 'life']);
    await store.ok(['kill', 'life']);
    await store.ok(['wait', 'life']);
    await store.ok(['rm', 'life']);
    const actions = ['create', 'start', 'pause', 'unpause', 'update', 'top', 'kill', 'die', 'destroy'];
    expect(await actionsOf('life')).toEqual(actions);
    expect(await actionsOf('life', '--filter', 'event=die', '--filter', 'event=kill')).toEqual([
      'kill',
      'die',
    ]);
    expect(await actionsOf('life', '--filter', 'label=team=a', '--filter', 'type=container')).toEqual(
      actions,
    );
    expect(await actionsOf('life', '--filter', 'label=team=b')).toEqual(['']);
  });

  it('tells of a container that goes with its end', async () => {
    await store.ok(['run', '--rm', '--name', 'brief', busybox, 'true']);
    expect(await actionsOf('brief')).toEqual(['create', 'attach', 'start', 'die', 'destroy']);
  });

  it('prints lines and JSON as Docker does', async () => {
    await store
      .ok(['run', '--name', 'shown', '-l', 'z=1', '-l', 'a=2', busybox, 'sh', '-c', 'exit 3'])
      .catch(() => {});
    const range = ['--since', '1h', '--until', '0s', '--filter', 'container=shown', '--filter', 'event=die'];
    const line = await store.ok(['events', ...range]);
    expect(line).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d) container die [0-9a-f]{64} \(a=2, execDuration=\d+, exitCode=3, image=.*, name=shown, z=1\)$/,
    );
    const json = await store.ok(['events', ...range, '--format', 'json']);
    const event = JSON.parse(json);
    expect(event).toMatchObject({
      status: 'die',
      from: busybox,
      Type: 'container',
      Action: 'die',
      Actor: { Attributes: { exitCode: '3', name: 'shown' } },
      scope: 'local',
    });
    expect(event.id).toBe(event.Actor.ID);
    expect(json).toMatch(/"time":\d{10},"timeNano":\d{19}\}$/);
  });

  it('tells of images', async () => {
    const range = ['--since', '1h', '--until', '0s', '--filter', 'type=image'];
    const text = await store.ok(['events', ...range, '--format', '{{.Action}} {{.ID}}']);
    expect(text.split('\n')).toContain(`pull ${busybox}`);
  });

  it('goes on with what happens, also when the journal is put aside', async () => {
    const follow = store.start([
      'events',
      '--since',
      '1h',
      '--filter',
      'event=create',
      '--format',
      '{{.Actor.Attributes.name}}',
    ]);
    const first = printed(follow, 'before');
    const second = printed(follow, 'after');
    await store.ok(['create', '--name', 'before', busybox, 'true']);
    await first;
    renameSync(join(store.root, 'events.log'), join(store.root, 'events.log.1'));
    await store.ok(['create', '--name', 'after', busybox, 'true']);
    await second;
    follow.kill();
    await follow;
    expect(existsSync(join(store.root, 'events.log'))).toBe(true);
    expect(await actionsOf('before')).toContain('create');
  });

  it.each([
    [['--filter', 'colour=red'], "invalid filter 'colour'"],
    [['--since', 'yesterday'], 'invalid --since: "yesterday"'],
    [['--since', '1m', '--until', '2m'], 'the beginning of a range of events cannot be after its end'],
    [['--format', '{{.Nothing'], 'template'],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await store.skiff(['events', ...flags]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });
});
