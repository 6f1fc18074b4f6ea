import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { printed, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);

const NAME = 'harbour';

beforeAll(async () => {
  await start(NAME, '-e', 'COLOUR=grey', '-w', '/tmp', '--group-add', '3000', '--ulimit', 'nofile=100');
});

/** A container that runs until it is removed. */
async function start(name: string, ...options: string[]): Promise<string> {
  return await store.ok([
    'run',
    '-d',
    '--name',
    name,
    '--network',
    'none',
    ...options,
    busybox,
    'sleep',
    '100000',
  ]);
}

const exec = (...words: string[]) => store.ok(['exec', ...words]);

async function inspect(name: string) {
  const [one] = JSON.parse(await store.ok(['inspect', name]));
  return one;
}

describe('exec', () => {
  it('runs a command with the streams and the exit code of its own', async () => {
    const outcome = await store.skiff(['exec', NAME, 'sh', '-c', 'echo out; echo err >&2; exit 7']);
    expect(outcome).toMatchObject({ stdout: 'out\n', stderr: 'err\n', code: 7 });
  });

  it('takes options of the command for the command, and a prefix of the id', async () => {
    const { Id: id } = await inspect(NAME);
    expect(await exec(id.slice(0, 8), 'echo', '-e', 'a\\tb', '--help')).toBe('a\tb --help');
  });

  it('relays standard input with -i alone', async () => {
    expect((await store.skiff(['exec', '-i', NAME, 'cat'], { input: 'hello' })).stdout).toBe('hello');
    expect((await store.skiff(['exec', NAME, 'cat'], { input: 'hello' })).stdout).toBe('');
  });

  it('has environment, directory, limits and groups of the container', async () => {
    expect(await exec(NAME, 'sh', '-c', 'echo $COLOUR $HOME $HOSTNAME; pwd; ulimit -n; id -G')).toBe(
      `grey /root ${(await inspect(NAME)).Config.Hostname}\n/tmp\n100\n0 3000`,
    );
  });

  it('takes user, environment and directory of its own', async () => {
    const file = join(store.root, 'vars');
    writeFileSync(file, '# colours\nCOLOUR=blue\nSHADE=dark\n');
    const words = ['-u', '12:34', '-w', '/etc', '--env-file', file, '-e', 'SHADE=light', '-e', 'FROM_HERE'];
    const script = 'id -u; id -G; pwd; echo $COLOUR $SHADE $FROM_HERE';
    const outcome = await store.skiff(['exec', ...words, NAME, 'sh', '-c', script], {
      env: { FROM_HERE: 'here' },
    });
    expect(outcome.stdout).toBe('12\n34 3000\n/etc\nblue light here\n');
  });

  it('has the confinement of the container, and with --privileged all capabilities and no filter', async () => {
    await start('bound', '--security-opt', 'no-new-privileges', '--cap-drop', 'NET_RAW');
    const fields = ['CapPrm', 'CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp'];
    const status = (text: string) =>
      fields.map((field) => new RegExp(`^${field}:\\s+(\\S+)$`, 'm').exec(text)?.[1]);
    const own = status(readFileSync(`/proc/${(await inspect('bound')).State.Pid}/status`, 'utf8'));
    expect(status(await exec('bound', 'cat', '/proc/self/status'))).toEqual(own);
    const privileged = status(await exec('--privileged', 'bound', 'cat', '/proc/self/status'));
    expect(privileged.slice(3)).toEqual(['1', '0']);
    expect(BigInt(`0x${privileged[1]}`) & 0x2000n).toBe(0x2000n);
    expect(status(await exec('-u', '5', 'bound', 'cat', '/proc/self/status')).slice(0, 2)).toEqual(
      Array(2).fill('0'.repeat(16)),
    );
  });

  it('tells what cannot be found or executed as Docker does', async () => {
    const missing = await store.skiff(['exec', NAME, 'nothing']);
    expect(missing).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('executable file not found in $PATH'),
    });
    const directory = await store.skiff(['exec', NAME, '/etc']);
    expect(directory).toMatchObject({ code: 126, stderr: expect.stringContaining('permission denied') });
    expect(await store.skiff(['exec', NAME, '--help'])).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('"--help"'),
    });
    const nobody = await store.skiff(['exec', '-u', 'nobody-here', NAME, 'true']);
    expect(nobody.stderr).toContain('unable to find user nobody-here');
    const nowhere = await store.skiff(['exec', '-w', '/nowhere', NAME, 'true']);
    expect(nowhere).toMatchObject({
      code: 126,
      stderr: expect.stringContaining('"/nowhere" cannot be used'),
    });
    expect((await inspect(NAME)).State).toMatchObject({ Running: true, Error: '' });
  });

  it('refuses a container that is missing, stopped or paused', async () => {
    expect(await store.skiff(['exec', 'nobody', 'true'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no such container: nobody'),
    });
    await start('still');
    await store.ok(['pause', 'still']);
    expect(await store.skiff(['exec', 'still', 'true'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('container still is paused, unpause the container before exec'),
    });
    await store.ok(['kill', 'still']);
    await store.ok(['wait', 'still']);
    expect(await store.skiff(['exec', 'still', 'true'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('container still is not running'),
    });
  });

  it('refuses what makes no sense before anything is started', async () => {
    expect((await store.skiff(['exec', '-it', NAME, 'sh'])).stderr).toContain(
      'the input device is not a TTY',
    );
    expect((await store.skiff(['exec', '-w', 'etc', NAME, 'pwd'])).stderr).toContain('not an absolute path');
    expect((await store.skiff(['exec', NAME])).code).toBe(1);
    expect((await store.skiff(['exec', '--detach-keys', 'shift-q', NAME, 'true'])).stderr).toContain(
      '"shift-q" is no key',
    );
  });

  it('runs in the background without a word', async () => {
    expect(await store.skiff(['exec', '-d', NAME, 'sh', '-c', 'echo done >/tmp/word'])).toMatchObject({
      stdout: '',
      stderr: '',
      code: 0,
    });
    const { Pid: pid } = (await inspect(NAME)).State;
    await until(() => existsSync(`/proc/${pid}/root/tmp/word`));
  });

  it("works in a container of read-only root, of a user namespace, and of another one's pid namespace", async () => {
    await start('fixed', '--read-only');
    expect((await store.skiff(['exec', 'fixed', 'touch', '/x'])).stderr).toContain('Read-only file system');
    await start('mapped', '--uidmap', '0:500000:65536', '--gidmap', '0:500000:65536');
    expect(await exec('mapped', 'id', '-u')).toBe('0');
    const mapping = readFileSync(`/proc/${(await inspect('mapped')).State.Pid}/uid_map`, 'utf8');
    expect(await exec('mapped', 'cat', '/proc/self/uid_map')).toBe(mapping.trimEnd());
    await start('guest', '--pid', `container:${NAME}`);
    expect(await exec('guest', 'ps', '-o', 'args')).toContain('sleep 100000\nsleep 100000');
  });

  it('is among the ExecIDs of the container for as long as it runs, and in the events', async () => {
    await start('watched');
    expect((await inspect('watched')).ExecIDs).toBeNull();
    const running = store.start(['exec', 'watched', 'sh', '-c', 'echo up; exec sleep 1000']);
    await printed(running, 'up');
    const [execId, ...others] = (await inspect('watched')).ExecIDs;
    expect([execId, others]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), []]);
    running.kill('SIGTERM');
    expect((await running).exitCode).toBe(143);
    expect((await inspect('watched')).ExecIDs).toBeNull();
    const events = readFileSync(join(store.root, 'events.log'), 'utf8')
      .split('\n')
      .filter((line) => line.includes(execId))
      .map((line) => JSON.parse(line));
    const command = 'sh -c echo up; exec sleep 1000';
    expect(events.map(({ Action }) => Action)).toEqual([
      `exec_create: ${command}`,
      `exec_start: ${command}`,
      'exec_die',
    ]);
    expect(events[2].Actor.Attributes).toMatchObject({ execID: execId, exitCode: '143', name: 'watched' });
  });

  it('ends with the container, and is forgotten with it', async () => {
    await start('brief', '--rm');
    const running = store.start(['exec', 'brief', 'sh', '-c', 'echo up; sleep 1000']);
    await printed(running, 'up');
    await store.ok(['kill', 'brief']);
    expect((await running).exitCode).toBe(137);
    expect((await store.skiff(['exec', 'brief', 'true'])).code).toBe(1);
  });

  it('leaves nothing behind', async () => {
    const { Id: id } = await inspect(NAME);
    const names = readdirSync(join(store.runRoot, id, 'exec'));
    expect(names.filter((name) => /\.(plan|state)/.test(name))).toEqual([]);
  });
});
