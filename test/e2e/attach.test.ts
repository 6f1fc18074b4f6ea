import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

/** Starts it in the background: `script` runs in a shell that reads from whoever is attached. */
async function start(name: string, script: string, ...options: string[]): Promise<void> {
  await store.ok([
    'run',
    '-di',
    '--name',
    name,
    '--network',
    'none',
    ...options,
    busybox,
    'sh',
    '-c',
    script,
  ]);
}

describe('attach', () => {
  it('gives output from now on, relays input, and ends with the code of the container', async () => {
    await start('echo', 'while read line; do echo "got $line"; [ "$line" = end ] && exit 5; done');
    const outcome = await store.skiff(['attach', 'echo'], { input: 'one\nend\n' });
    expect(outcome).toMatchObject({ stdout: 'got one\ngot end\n', code: 5 });
  });

  it('passes signals on, unless it is told not to', async () => {
    await start('trap', 'trap "echo usr1; exit 6" USR1; while :; do echo up; sleep 0.05; done');
    const deaf = store.start(['attach', '--no-stdin', '--sig-proxy=false', 'trap']);
    await printed(deaf, 'up');
    deaf.kill('SIGUSR1');
    expect((await deaf).signal).toBe('SIGUSR1');
    const heard = store.start(['attach', '--no-stdin', 'trap']);
    await printed(heard, 'up');
    heard.kill('SIGUSR1');
    expect((await heard).exitCode).toBe(6);
  });

  it('refuses a container that does not run, is paused or does not exist, with the words of Docker', async () => {
    const refused = async (name: string) => {
      const { code, stderr } = await store.skiff(['attach', name]);
      expect(code).toBe(1);
      return stderr;
    };
    expect(await refused('nobody')).toContain('no such container: nobody');
    await start('quiet', 'sleep 100000');
    await store.ok(['pause', 'quiet']);
    expect(await refused('quiet')).toContain('cannot attach to a paused container, unpause it first');
    await store.ok(['kill', 'quiet']);
    await store.ok(['wait', 'quiet']);
    expect(await refused('quiet')).toContain('cannot attach to a stopped container, start it first');
  });
});
