import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { leftovers, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

/**
 * One for each place that refuses; the unit tests of `cli/create` have what else cannot be, and what is said of it. The
 * last ones belong to `run` alone.
 */
const REFUSED: [string, string[], RegExp][] = [
  ['as a word is misread', ['--init=maybe'], /invalid boolean value "maybe"/],
  ['as its options contradict each other', ['--rm', '--restart', 'always'], /leave --restart or --rm out/],
  ['as its id maps cannot be', ['--uidmap', '1:100000:10', '--gidmap', '1:100000:10'], /leave out id 0/],
  ['as there is no such capability', ['--cap-add', 'FLYING'], /FLYING/],
  ['as this host has no such device', ['--device', '/dev/no-such-device'], /no-such-device/],
  ['as it would have too little memory', ['--memory', '1k'], /minimum of 6MB/],
  ['as another container is not there', ['--pid', 'container:nobody'], /no such container: nobody/],
  ['as nobody is there for its streams', ['-d', '-a', 'stdout'], /-a and -d/],
  ['as nobody would remove its image', ['-d', '--rmi'], /--rmi and -d/],
  ['as no keys are called so', ['--detach-keys=ctrl-1'], /ctrl-1/],
];

/** What the store keeps of this host, not of a container. */
const KNOWLEDGE = ['seccomp', 'idmapped-mounts'];

function everything(): string[] {
  return [...leftovers(store), ...readdirSync(store.root).filter((name) => !KNOWLEDGE.includes(name))].sort();
}

describe('a container that cannot be', () => {
  it.each(REFUSED)('is refused %s: %j, and nothing of it exists', async (_why, options, message) => {
    const before = everything();
    const { code, stdout, stderr } = await store.skiff(['run', ...options, busybox, 'true']);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/internal|undefined|TypeError| at .*:\d+/);
    expect(everything()).toEqual(before);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('is refused with what needs another container that has ended', async () => {
    await store.ok(['run', '--name', 'ended', busybox, 'true']);
    const before = leftovers(store);
    const { code, stderr } = await store.skiff(['run', '--network', 'container:ended', busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('container ended: it is not running');
    expect(leftovers(store)).toEqual(before);
    await store.ok(['rm', 'ended']);
  });
});
