import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

async function inspect(name: string) {
  const [container] = JSON.parse(await store.ok(['inspect', name]));
  return container;
}

describe('a container that is created', () => {
  it('does not run until it is started', async () => {
    const id = await store.ok(['create', '--name', 'later', busybox, 'echo', 'hi']);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await inspect('later')).toMatchObject({ Id: id, State: { Status: 'created', ExitCode: 0 } });
    expect(await store.ok(['start', '-a', 'later'])).toBe('hi');
    expect(await inspect('later')).toMatchObject({ State: { Status: 'exited', ExitCode: 0 } });
    await store.ok(['rm', 'later']);
  });

  it('has the labels of its image, and its own in their place', async () => {
    await store.ok(['create', '--name', 'labelled', '-l', 'a=1', '--label', 'b', busybox]);
    expect((await inspect('labelled')).Config.Labels).toMatchObject({ a: '1', b: '' });
    await store.ok(['rm', 'labelled']);
  });

  it('takes the place of another one with --replace, also when that one runs', async () => {
    const old = await store.ok(['run', '-d', '--name', 'place', busybox, 'sleep', '1000']);
    expect((await store.skiff(['create', '--name', 'place', busybox])).stderr).toContain('already in use');
    const id = await store.ok(['create', '--replace', '--name', 'place', busybox]);
    expect(id).not.toBe(old);
    expect(await store.ok(['ps', '-aq', '--no-trunc'])).toBe(id);
    await store.ok(['rm', 'place']);
  });

  it('does not take the place of another one when it cannot be made', async () => {
    const old = await store.ok(['create', '--name', 'kept', busybox]);
    const refused = await store.skiff([
      'create',
      '--replace',
      '--name',
      'kept',
      '--cap-add',
      'NOPE',
      busybox,
    ]);
    expect(refused.code).not.toBe(0);
    expect(await store.ok(['ps', '-aq', '--no-trunc'])).toBe(old);
    await store.ok(['rm', 'kept']);
  });

  it('goes with its end with --rm', async () => {
    await store.ok(['create', '--rm', '--name', 'fleeting', busybox, 'true']);
    await store.ok(['start', '-a', 'fleeting']);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('can be started when its image was removed by force, with what that one said', async () => {
    const own = await store.ok(['create', '--name', 'orphan', busybox, 'sh', '-c', 'echo $PATH']);
    const path = await store.ok(['run', '--rm', busybox, 'sh', '-c', 'echo $PATH']);
    await store.ok(['rmi', '-f', busybox]);
    expect(await store.ok(['start', '-a', own])).toBe(path);
    await store.ok(['rm', 'orphan']);
    await store.ok(['pull', busybox]);
  });
});
