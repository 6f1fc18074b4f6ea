import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

const directory = mkdtempSync(join(tmpdir(), 'skiff-run-options-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** What `inspect` says of one container. */
async function inspect(name: string): Promise<{ Config: Record<string, unknown>; HostConfig: unknown }> {
  return JSON.parse(await store.ok(['inspect', name]))[0];
}

describe('the environment of a container', () => {
  it('comes from files and from the command line, which wins', async () => {
    const path = file('env', '# not this\nA=file\nB="quoted" \n\n  C=c=d\nHERE\nNOT_HERE\n');
    const options = ['--env-file', path, '-e', 'A=line', busybox, 'sh', '-c'];
    const script = 'echo "$A|$B|$C|$HERE|$NOT_HERE"';
    expect(await store.ok(['run', '--rm', ...options, script], { env: { HERE: 'here' } })).toBe(
      'line|"quoted" |c=d|here|',
    );
  });

  it('is refused with the file and the line of a mistake', async () => {
    const path = file('bad', 'A=1\nB C=2\n');
    const { code, stdout, stderr } = await store.skiff(['run', '--env-file', path, busybox, 'true']);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain(`env file ${path}, line 2: the name "B C" has blanks in it`);
  });
});

describe('labels and annotations', () => {
  it('come from files and from the command line, which wins', async () => {
    const path = file('labels', 'com.example.a=file\ncom.example.b=b\n');
    const options = ['--label-file', path, '-l', 'com.example.a=line', '--annotation', 'org.example=x'];
    const id = await store.ok(['create', ...options, busybox]);
    const { Config, HostConfig } = await inspect(id);
    expect(Config['Labels']).toMatchObject({ 'com.example.a': 'line', 'com.example.b': 'b' });
    expect(HostConfig).toMatchObject({ Annotations: { 'org.example': 'x' } });
    const config = readFileSync(join(store.root, 'containers', id, 'config.json'), 'utf8');
    expect(JSON.parse(config).annotations).toMatchObject({ 'org.example': 'x' });
  });
});

describe('a container id file', () => {
  it('has the id, for run in the foreground and the background, and for create', async () => {
    for (const [words, name] of [
      [['run', '--rm'], 'foreground'],
      [['run', '-d'], 'background'],
      [['create'], 'created'],
    ] as const) {
      const path = join(directory, name);
      const printed = await store.ok([...words, '--cidfile', path, busybox, 'cat', '/etc/hostname']);
      const id = readFileSync(path, 'utf8');
      expect(id).toMatch(/^[0-9a-f]{64}$/);
      expect(id).toContain(printed);
      if (name === 'foreground') continue;
      expect(await store.ok(['inspect', '-f', '{{.HostConfig.ContainerIDFile}}', id])).toBe(path);
    }
  });

  it('must not exist, and is not left when there is no container', async () => {
    const taken = file('taken', 'an id');
    const again = await store.skiff(['run', '--cidfile', taken, '--name', 'never', busybox, 'true']);
    expect(again).toMatchObject({ code: 125, stderr: expect.stringContaining(taken) });
    expect(readFileSync(taken, 'utf8')).toBe('an id');
    expect((await store.skiff(['inspect', 'never'])).code).toBe(1);

    const path = join(directory, 'unused');
    const failed = await store.skiff(['run', '--cidfile', path, '--pull', 'never', 'nothing/here', 'true']);
    expect(failed.code).toBe(125);
    expect(existsSync(path)).toBe(false);
  });
});

describe('what is attached', () => {
  const script = 'cat; echo out; echo err >&2';
  const run = (options: readonly string[]) =>
    store.skiff(['run', '--rm', '-i', ...options, busybox, 'sh', '-c', script], { input: 'in\n' });

  it('is everything when nothing is said', async () => {
    expect(await run([])).toMatchObject({ code: 0, stdout: 'in\nout\n', stderr: 'err\n' });
  });

  it('is only what is named, in any case', async () => {
    expect(await run(['-a', 'stdin', '-a', 'STDOUT'])).toMatchObject({ stdout: 'in\nout\n', stderr: '' });
    expect(await run(['-a', 'STDIN', '-a', 'stderr'])).toMatchObject({ stdout: '', stderr: 'err\n' });
  });

  it('gives the id in the place of output that is not', async () => {
    const { code, stdout, stderr } = await run(['-a', 'stdin']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it('has no terminal for input when there is none', async () => {
    const { code, stderr } = await store.skiff(['run', '--rm', '-it', '--name', 'no-tty', busybox, 'true']);
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: expect.stringContaining('the input device is not a TTY'),
    });
    expect((await store.skiff(['inspect', 'no-tty'])).code).toBe(1);
  });
});

describe('pulling before a run', () => {
  it('is not done when it may not be', async () => {
    const { code, stderr } = await store.skiff(['run', '--pull', 'never', 'localhost:1/no:image', 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('no such image: localhost:1/no:image');
    expect(await store.ok(['run', '--rm', '--pull=never', busybox, 'echo', 'here'])).toBe('here');
  });

  it('is not done for an image that is here for another platform, when it may not be', async () => {
    const run = ['run', '--pull', 'never', '--platform', 'linux/s390x'];
    for (const image of [busybox, 'hello']) {
      const { code, stderr } = await store.skiff([...run, image]);
      expect({ code, stderr }).toEqual({
        code: 125,
        stderr: expect.stringMatching(`image ${image} is for linux/[a-z0-9/]+, not for linux/s390x`),
      });
    }
  });

  it('is tried when it is to be done always', async () => {
    await store.ok(['pull', '-q', busybox]);
    const { code, stderr } = await store.skiff(['run', '--rm', '--pull', 'always', '-q', busybox, 'true']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('a name that is taken', () => {
  it('is given up by the container that has it when that is to be replaced', async () => {
    const first = await store.ok(['run', '-d', '--name', 'taken', busybox, 'sleep', '1000']);
    const second = await store.ok(['create', '--name', 'taken', '--replace', busybox]);
    expect((await store.skiff(['inspect', first])).code).toBe(1);
    expect(await inspect('taken')).toMatchObject({ Id: second });
    expect(await store.ok(['run', '--rm', '--name', 'taken', '--replace', busybox, 'echo', 'third'])).toBe(
      'third',
    );
  });
});

describe('an image that is to be removed with its container', () => {
  it('goes when the container ended, whose code is passed on', async () => {
    const { code, stdout } = await store.skiff(['run', '--rmi', 'hello']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Hello from inside') });
    expect(await store.ok(['images', '-q', 'hello'])).toBe('');
  });

  it('stays when another container stands on it', async () => {
    await store.ok(['create', busybox]);
    const failing = ['run', '--rmi', '-i', busybox, 'sh', '-c', 'cat; exit 3'];
    expect(await store.skiff(failing, { input: 'in' })).toMatchObject({ code: 3, stdout: 'in', stderr: '' });
    expect(await store.ok(['run', '--rm', '--pull', 'never', busybox, 'echo', 'here'])).toBe('here');
  });
});

describe('groups of commands', () => {
  it.each([
    [['container', '--help'], /^ {2}ls .*\n(.*\n)*? {2}prune /m],
    [['container'], /^ {2}create /m],
    [['image', '--help'], /^ {2}ls /m],
    [['system', '--help'], /^ {2}start-all /m],
    [['container', 'ls', '--help'], /^Usage: skiff container ls\|ps /],
    [['container', 'prune', '--help'], /until=TIME/],
  ])('are explained: %j', async (words, expected) => {
    expect(await store.ok(words)).toMatch(expected);
  });

  it('have the same commands as there are without the group', async () => {
    const id = await store.ok(['container', 'create', busybox, 'echo', 'grouped']);
    expect(await store.ok(['container', 'ls', '-aq', '--no-trunc'])).toContain(id);
    expect(await store.ok(['container', 'start', '-a', id])).toBe('grouped');
    expect(await store.ok(['container', 'rm', id])).toBe(id);
    expect(await store.ok(['image', 'ls', '-q'])).toBe(await store.ok(['images', '-q']));
  });

  it.each<[string[], string, number]>([
    [
      ['container', 'list-all'],
      '"list-all" is not a command of skiff container\nhint: see skiff container --help',
      1,
    ],
    [['container', 'rm', '--forse', 'x'], 'Did you mean --force?', 125],
    [['system', 'start-all', 'web'], 'see skiff system start-all --help', 1],
    [['contain', 'ls'], '"contain" is not a skiff command\nhint: did you mean skiff container\n', 1],
  ])('say what they do not know: %j', async (words, named, exitCode) => {
    const { code, stdout, stderr } = await store.skiff(words);
    expect({ code, stdout, stderr }).toEqual({
      code: exitCode,
      stdout: '',
      stderr: expect.stringContaining(named),
    });
  });
});

describe('containers that are meant', () => {
  it('are the latest, or all, or those of a filter', async () => {
    const start = (label: string) =>
      store.ok(['run', '-d', '-l', `part=${label}`, '--stop-timeout', '0', busybox, 'sleep', '1000']);
    const [one, two, three] = [await start('a'), await start('b'), await start('a')];
    expect(await store.ok(['stop', '--latest'])).toBe(three);
    expect(await store.ok(['stop', '--filter', 'label=part=b'])).toBe(two);
    expect((await store.ok(['start', '--filter', 'label=part'])).split('\n').sort()).toEqual(
      [two, three].sort(),
    );
    expect((await store.ok(['kill', '--all'])).split('\n')).toEqual(
      expect.arrayContaining([one, two, three]),
    );
    expect(await store.ok(['wait', one, two, three])).toBe('137\n137\n137');
    const removed = await store.ok(['rm', '--filter', 'label=part', '-v']);
    expect(removed.split('\n').sort()).toEqual([one, two, three].sort());
  });

  it.each([
    [['rm', '--all', 'web'], 'names and --all cannot be used together'],
    [['kill', '--all', '--latest'], '--all and --latest cannot be used together'],
    [['start', '-a', 'one', 'two'], 'only one container'],
  ])('are asked for when it is not clear: %j', async (words, named) => {
    expect(await store.skiff(words)).toMatchObject({ code: 125, stderr: expect.stringContaining(named) });
  });

  it.each(['start', 'restart', 'stop', 'kill', 'rm', 'wait', 'pause', 'unpause', 'update --memory 64m'])(
    'must exist: %s',
    async (command) => {
      expect(await store.skiff([...command.split(' '), 'no-such-container'])).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('no-such-container'),
      });
    },
  );
});

describe('a stop that takes long', () => {
  it('says that the signal is ignored, and names the cure', async () => {
    const id = await store.ok(['run', '-d', busybox, 'sleep', '1000']);
    const { code, stdout, stderr } = await store.skiff(['stop', '-t', '1', id]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${id}\n` });
    expect(stderr).toMatch(/ignores SIGTERM.*\nhint: .*--init/);
  });

  it('says nothing of that when the signal is handled, or no time was given', async () => {
    const script = 'trap "" TERM; echo ready; while :; do sleep 0.05; done';
    const logs = store.start(['run', '--name', 'deaf', busybox, 'sh', '-c', script]);
    await printed(logs, 'ready');
    expect(await store.skiff(['stop', '-t', '0', 'deaf'])).toMatchObject({ stdout: 'deaf\n', stderr: '' });
    await logs;
    const quick = await store.ok(['run', '-d', '--init', busybox, 'sleep', '1000']);
    expect(await store.skiff(['stop', quick])).toMatchObject({ code: 0, stdout: `${quick}\n`, stderr: '' });
  });
});

describe('prune', () => {
  it('asks first, and takes only a yes', async () => {
    const id = await store.ok(['create', '-l', 'pruned=yes', busybox]);
    const only = ['container', 'prune', '--filter', 'label=pruned'];
    for (const input of ['', 'n\n', 'yes\n']) {
      const { code, stdout, stderr } = await store.skiff(only, { input });
      expect({ code, stderr }).toEqual({ code: 0, stderr: 'Nothing was removed.\n' });
      expect(stdout).toContain('WARNING! This will remove all stopped containers.');
    }
    const pruned = await store.skiff(only, { input: 'y\n' });
    expect(pruned.stdout).toMatch(new RegExp(`Deleted Containers:\n${id}\n\nTotal reclaimed space: \\S+\n$`));
    expect(await store.ok([...only, '-f'])).toBe('Total reclaimed space: 0B');
  });

  it.each(['label', 'until=yesterday', 'name=x'])('refuses the filter %s', async (filter) => {
    expect(await store.skiff(['container', 'prune', '-f', '--filter', filter])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining(filter.replace('until=', '')),
    });
  });
});
