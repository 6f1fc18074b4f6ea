import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useInternet } from '../helpers/internet.ts';
import type { Outcome } from '../helpers/skiff.ts';

const internet = useInternet();
const { store } = internet;
const busybox = useBusybox(store);

const ROUNDS = Array.from({ length: 3 }, (_, index) => index);

beforeAll(async () => {
  for (const name of ['home', 'one', 'two', 'three', 'four']) await store.ok(['network', 'create', name]);
});

afterEach(() => internet.clear());

/** Runs commands at the same time. */
async function atOnce(...commands: string[][]): Promise<Outcome[]> {
  return await Promise.all(commands.map((words) => store.skiff(words)));
}

async function sleeper(name: string): Promise<void> {
  await store.ok(['run', '-d', '--name', name, '--network', 'home', busybox, 'sleep', '1000']);
}

/** The networks that a container is on by its row, having made sure that it has just their interfaces and files. */
async function networksOf(name: string): Promise<string[]> {
  const { id, networks } = JSON.parse(
    await internet.field(name, '{"id":{{json .Id}},"networks":{{json .NetworkSettings.Networks}}}'),
  ) as { id: string; networks: Record<string, { IPAddress: string }> };
  const inside = await store.ok(['exec', name, 'ip', '-4', '-o', 'address']);
  const addresses = [...inside.matchAll(/ eth\d+ +inet ([\d.]+)/g)].map(([, address]) => address);
  expect(addresses.sort()).toEqual(
    Object.values(networks)
      .map(({ IPAddress }) => IPAddress)
      .sort(),
  );
  expect(readdirSync(join(store.runRoot, id, 'networks'))).toHaveLength(addresses.length);
  return Object.keys(networks).sort();
}

function codes(outcomes: readonly Outcome[]): (number | undefined)[] {
  return outcomes.map(({ code }) => code);
}

describe('commands that change the networks of one container at once', () => {
  it.each(ROUNDS)('all of four connect it (%i)', async () => {
    await sleeper('web');
    const others = ['one', 'two', 'three', 'four'];
    const outcomes = await atOnce(...others.map((name) => ['network', 'connect', name, 'web']));
    expect(outcomes).toEqual(outcomes.map(() => expect.objectContaining({ code: 0, stderr: '' })));
    expect(await networksOf('web')).toEqual(['four', 'home', 'one', 'three', 'two']);
    const ends = await atOnce(...others.map((name) => ['network', 'disconnect', name, 'web']));
    expect(ends).toEqual(ends.map(() => expect.objectContaining({ code: 0, stderr: '' })));
    expect(await networksOf('web')).toEqual(['home']);
  });

  it.each(ROUNDS)('one connects it, the other takes it off (%i)', async () => {
    await sleeper('web');
    await store.ok(['network', 'connect', 'one', 'web']);
    const both = await atOnce(['network', 'connect', 'two', 'web'], ['network', 'disconnect', 'one', 'web']);
    expect(both).toEqual(both.map(() => expect.objectContaining({ code: 0, stderr: '' })));
    expect(await networksOf('web')).toEqual(['home', 'two']);
  });

  it.each(ROUNDS)('both connect it to the same network, and one is told so (%i)', async () => {
    await sleeper('web');
    const both = await atOnce(['network', 'connect', 'one', 'web'], ['network', 'connect', 'one', 'web']);
    expect(codes(both).sort()).toEqual([0, 1]);
    expect(both.map(({ stderr }) => stderr).join('')).toContain('is on network one already');
    expect(await networksOf('web')).toEqual(['home', 'one']);
  });
});

describe('a network that is connected', () => {
  it.each(ROUNDS)('while the container is removed by force leaves nothing of it (%i)', async () => {
    await sleeper('web');
    const [connected, removed] = await atOnce(['network', 'connect', 'one', 'web'], ['rm', '-f', 'web']);
    expect(removed).toMatchObject({ code: 0, stderr: '' });
    if (connected?.code !== 0) expect(connected?.stderr).toContain('no such container: web');
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(await store.ok(['network', 'inspect', '-f', '{{json .Containers}}', 'one'])).toBe('{}');
  });

  it.each(ROUNDS)('while the container is stopped is there when it is started (%i)', async () => {
    await sleeper('web');
    const both = await atOnce(['network', 'connect', 'one', 'web'], ['stop', '-t', '0', 'web']);
    expect(both).toEqual(both.map(() => expect.objectContaining({ code: 0, stderr: '' })));
    await store.ok(['start', 'web']);
    expect(await networksOf('web')).toEqual(['home', 'one']);
  });

  it.each(ROUNDS)('while the container is started is there, or was refused (%i)', async () => {
    await store.ok(['create', '--name', 'web', '--network', 'home', busybox, 'sleep', '1000']);
    const [connected, started] = await atOnce(['network', 'connect', 'one', 'web'], ['start', 'web']);
    expect(started).toMatchObject({ code: 0 });
    if (connected?.code !== 0) expect(connected?.stderr).toContain('is being started');
    expect(await networksOf('web')).toEqual(connected?.code === 0 ? ['home', 'one'] : ['home']);
  });
});
