import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { changeAttributes, HAS_FILE_ATTRIBUTES } from '../helpers/file-attributes.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

async function inspect(name: string) {
  const [container] = JSON.parse(await store.ok(['inspect', name]));
  return container;
}

describe('a container that is started again', () => {
  it('keeps its files and writes on in its log', async () => {
    const script = 'echo run >> /runs; wc -l < /runs';
    expect(await store.ok(['run', '--name', 'again', busybox, 'sh', '-c', script])).toBe('1');
    expect(await store.ok(['start', '-a', 'again'])).toBe('2');
    expect(await store.ok(['start', 'again'])).toBe('again');
    expect(await store.ok(['wait', 'again'])).toBe('0');
    expect(await store.ok(['logs', 'again'])).toBe('1\n2\n3');
    await store.ok(['rm', 'again']);
  });

  it('has the exit code of its last run', async () => {
    const script = '[ -e /ran ] && exit 4; touch /ran; exit 3';
    expect((await store.skiff(['run', '--name', 'codes', busybox, 'sh', '-c', script])).code).toBe(3);
    expect((await store.skiff(['start', '-a', 'codes'])).code).toBe(4);
    expect(await inspect('codes')).toMatchObject({ State: { Status: 'exited', ExitCode: 4 } });
    await store.ok(['rm', 'codes']);
  });

  it('begins with the limits that were set since', async () => {
    await store.ok(['create', '--name', 'limited', '-m', '64m', busybox, 'sleep', '1000']);
    await store.ok(['update', '-m', '32m', 'limited']);
    await store.ok(['start', 'limited']);
    const limit = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null';
    await store.ok(['stop', '-t', '0', 'limited']);
    await store.ok(['create', '--name', 'shown', '-m', '64m', busybox, 'sh', '-c', limit]);
    await store.ok(['update', '-m', '32m', 'shown']);
    expect((await store.skiff(['start', '-a', 'shown'])).stdout).toBe(`${32 * 1024 ** 2}\n`);
    await store.ok(['rm', 'limited', 'shown']);
  });

  it('finds the engine files as new', async () => {
    await store.ok(['run', '--name', 'files', busybox, 'sh', '-c', 'echo 10.0.0.1 changed >> /etc/hosts']);
    await store.ok(['rename', 'files', 'filed']);
    await store.ok(['create', '--name', 'reader', busybox, 'grep', '-c', 'changed', '/etc/hosts']);
    expect(await store.ok(['start', 'filed'])).toBe('filed');
    await store.ok(['wait', 'filed']);
    expect((await store.skiff(['start', '-a', 'reader'])).stdout).toBe('0\n');
    await store.ok(['rm', 'filed', 'reader']);
  });

  it.runIf(HAS_FILE_ATTRIBUTES)(
    'gets new engine files where it has locked its own, and goes with them',
    async () => {
      const tz = ['--tz', 'Europe/Berlin', '--cap-add', 'LINUX_IMMUTABLE'];
      const id = await store.ok(['create', '--name', 'locked', ...tz, busybox, 'cat', '/etc/hostname']);
      const file = (name: string) => join(store.root, 'containers', id, name);
      await store.ok(['start', '-a', 'locked']);
      changeAttributes('+i', file('hosts'), file('hostname'), file('localtime'));
      changeAttributes('+a', file('resolv.conf'));
      expect(await store.ok(['start', '-a', 'locked'])).toBe(id.slice(0, 12));
      changeAttributes('+i', file('hosts'), file('upper'));
      await store.ok(['rm', 'locked']);
      expect(readdirSync(join(store.root, 'trash'))).toEqual([]);
    },
  );

  it('has the id maps that its files belong to', async () => {
    const script = 'cat /proc/self/uid_map; echo x >> /owned; stat -c %u /owned';
    const first = await store.ok([
      'run',
      '--name',
      'mapped',
      '--uidmap',
      '0:300000:65536',
      '--gidmap',
      '0:400000:65536',
      busybox,
      'sh',
      '-c',
      script,
    ]);
    expect(await store.ok(['start', '-a', 'mapped'])).toBe(first);
    await store.ok(['rm', 'mapped']);
  });
});

describe('start', () => {
  it('leaves a container alone that runs', async () => {
    await store.ok(['run', '-d', '--name', 'busy', busybox, 'sleep', '1000']);
    const { State: before } = await inspect('busy');
    expect(await store.ok(['start', 'busy'])).toBe('busy');
    expect((await inspect('busy')).State.Pid).toBe(before.Pid);
    await store.ok(['rm', '-f', 'busy']);
  });

  it('refuses a container that is paused', async () => {
    await store.ok(['run', '-d', '--name', 'frozen', busybox, 'sleep', '1000']);
    await store.ok(['pause', 'frozen']);
    expect((await store.skiff(['start', 'frozen'])).stderr).toContain('container frozen is paused');
    await store.ok(['rm', '-f', 'frozen']);
  });

  it('starts several, and goes on after one that cannot be', async () => {
    await store.ok(['create', '--name', 'one', busybox, 'sleep', '1000']);
    await store.ok(['create', '--name', 'broken', busybox, '/no/such/program']);
    await store.ok(['create', '--name', 'two', busybox, 'sleep', '1000']);
    const started = await store.skiff(['start', 'one', 'broken', 'missing', 'two']);
    expect(started).toMatchObject({ code: 1, stdout: 'one\ntwo\n' });
    expect(started.stderr).toContain('/no/such/program');
    expect(started.stderr).toContain('no such container: missing');
    expect(await inspect('broken')).toMatchObject({ State: { Status: 'created', ExitCode: 127 } });
    await store.ok(['rm', '-f', 'one', 'broken', 'two']);
  });

  it('prints what a single one was called by, and exits with 1 when it cannot be started', async () => {
    const id = await store.ok(['create', busybox, 'sleep', '1000']);
    expect(await store.ok(['start', id.slice(0, 12)])).toBe(id.slice(0, 12));
    await store.ok(['create', '--name', 'broken', busybox, '/no/such/program']);
    const started = await store.skiff(['start', 'broken']);
    expect(started).toMatchObject({ code: 1, stdout: '' });
    expect(started.stderr).toContain('/no/such/program');
    expect(await inspect('broken')).toMatchObject({ State: { Status: 'created', ExitCode: 127 } });
    await store.ok(['rm', '-f', id, 'broken']);
  });

  it('is won by one of several at once, and the others find it started or starting', async () => {
    await store.ok(['create', '--name', 'race', busybox, 'sh', '-c', 'echo run; sleep 1000']);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => store.skiff(['start', 'race'])));
    expect(outcomes.some(({ code }) => code === 0)).toBe(true);
    for (const { code, stderr } of outcomes) if (code !== 0) expect(stderr).toContain('being started');
    await store.ok(['stop', '-t', '0', 'race']);
    expect(await store.ok(['logs', 'race'])).toBe('run');
    await store.ok(['rm', 'race']);
  });

  it('relays standard input with -i', async () => {
    await store.ok(['create', '-i', '--name', 'cat', busybox, 'cat']);
    expect(await store.ok(['start', '-a', '-i', 'cat'], { input: 'hi\n' })).toBe('hi');
    await store.ok(['rm', 'cat']);
  });

  it('passes signals on with -a', async () => {
    const script = 'trap "echo caught; exit 3" INT; echo ready; while :; do sleep 1 & wait; done';
    await store.ok(['create', '--name', 'signals', busybox, 'sh', '-c', script]);
    const start = store.start(['start', '-a', 'signals']);
    await printed(start, 'ready');
    start.kill('SIGINT');
    expect((await start).exitCode).toBe(3);
    await store.ok(['rm', 'signals']);
  });

  it('needs the containers whose namespaces are shared', async () => {
    await store.ok(['run', '-d', '--name', 'lender', '--network', 'none', busybox, 'sleep', '1000']);
    await store.ok(['create', '--name', 'guest', '--network', 'container:lender', busybox, 'true']);
    await store.ok(['stop', '-t', '0', 'lender']);
    expect((await store.skiff(['start', 'guest'])).stderr).toContain('lender: it is not running');
    expect(await inspect('guest')).toMatchObject({ State: { Status: 'created' } });
    await store.ok(['start', 'lender', 'guest']);
    await store.ok(['rm', '-f', 'guest', 'lender']);
  });

  it('says why a --rm container cannot run, which goes then', async () => {
    await store.ok(['create', '--rm', '--name', 'hopeless', busybox, 'nothing']);
    const { code, stderr } = await store.skiff(['start', 'hopeless']);
    expect([code, stderr]).toEqual([1, 'skiff: "nothing": executable file not found in $PATH\n']);
    expect(await store.ok(['ps', '-aq'])).toBe('');
    await store.ok(['create', '--rm', '--name', 'hopeless', busybox, 'nothing']);
    expect((await store.skiff(['start', '-a', 'hopeless'])).code).toBe(127);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});

describe('a command that looks like an option of skiff', () => {
  const missing = (word: string) => `skiff: "${word}": executable file not found in $PATH\n`;

  it.each(['--version', '--help', '--'])('%s is not found', async (word) => {
    for (const flags of [[], ['--init'], ['--entrypoint', word]]) {
      const { code, stdout, stderr } = await store.skiff(['run', '--rm', ...flags, busybox, word]);
      expect([code, stdout, stderr], flags.join(' ')).toEqual([127, '', missing(word)]);
    }
  });

  it('is not found by start either, which keeps why', async () => {
    await store.ok(['create', '--name', 'dashed', busybox, '--version']);
    expect(await store.skiff(['start', 'dashed'])).toMatchObject({ code: 1, stderr: missing('--version') });
    const state = { Status: 'created', ExitCode: 127, Error: missing('--version').slice(7, -1) };
    expect(await inspect('dashed')).toMatchObject({ State: state });
    await store.ok(['rm', 'dashed']);
  });

  it.each([
    ['a user', ['-u', '--version'], 'unable to find user --version'],
    ['a group', ['--group-add', '--help'], 'unable to find group --help'],
  ])('%s that looks like one is named', async (_, flags, message) => {
    const { code, stderr } = await store.skiff(['run', '--rm', ...flags, busybox, 'true']);
    expect([code, stderr]).toEqual([125, expect.stringContaining(message)]);
  });
});
