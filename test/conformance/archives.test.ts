import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

/**
 * `docker diff`, `commit`, `export` and `import` in Docker's documentation, with what docker.io 20.10 has answered to the same
 * words; codes of refusals are skiff's. What `-c` makes of a configuration is in test/unit/build/stages/change-config.
 */

const store = useStore();
const busybox = useBusybox(store);

const place = mkdtempSync(join(tmpdir(), 'skiff-archives-'));
afterAll(() => rmSync(place, { recursive: true }));

const SCRIPT = 'echo x > /x; mkdir -p /d/e; rm /bin/vi; ln -s /x /bin/new-link; chmod 700 /tmp; touch /tmp';

beforeAll(async () => {
  await store.ok(['run', '--name', 'changed', '-e', 'A=1', '-l', 'm=1', busybox, 'sh', '-c', SCRIPT]);
  await store.ok(['create', '--name', 'same', busybox, 'true']);
  mkdirSync(join(place, 'tree/d'), { recursive: true });
  writeFileSync(join(place, 'tree/f'), 'hi\n');
  execFileSync('tar', ['-cf', 'tree.tar', '-C', 'tree', '.'], { cwd: place });
  writeFileSync(join(place, 'garbage'), 'garbage\n');
  execFileSync('sh', ['-c', 'head -c 700 tree.tar > cut'], { cwd: place });
});

afterAll(async () => {
  await store.ok(['rm', '-f', 'changed', 'same']);
});

/** Runs a line in the directory of the archives; its words are split at blanks that are not within single quotes. */
function skiff(line: string) {
  const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/, '$1'));
  return store.skiff(words, { cwd: place });
}

const ID = /^sha256:[0-9a-f]{64}\n$/;

const COMMAND = JSON.stringify(['sh', '-c', SCRIPT]);

describe('diff', () => {
  // Docker tells of the same, in the order in which it finds it.
  it.each<[string, string]>([
    ['changed', 'C /bin\nA /bin/new-link\nD /bin/vi\nA /d\nA /d/e\nC /tmp\nA /x\n'],
    ['same', ''],
  ])('%s', async (name, answer) => {
    expect(await skiff(`diff ${name}`)).toMatchObject({ code: 0, stdout: answer, stderr: '' });
  });
});

describe('an image that is made', () => {
  it.each<[string, string, string]>([
    [
      "commit -a 'me <a@b>' -m why changed hx:1",
      '{{.Author}}|{{.Comment}}|{{json .Config.Cmd}}|{{json .Config.Labels}}|{{json .Config.Env}}|{{len .RootFS.Layers}}',
      `me <a@b>|why|${COMMAND}|{"m":"1"}|["A=1","PATH=/bin"]|2`,
    ],
    ["commit -c 'CMD x' changed hx:1", '{{json .Config.Cmd}}', '["/bin/sh","-c","x"]'],
    [
      'commit -c \'ENTRYPOINT ["a"]\' changed hx:1',
      '{{json .Config.Entrypoint}}{{json .Config.Cmd}}',
      '["a"]null',
    ],
    [
      "commit -c 'ENV A=2 B=3' -c 'ENV C $A' changed hx:1",
      '{{json .Config.Env}}',
      '["A=2","B=3","C=2","PATH=/bin"]',
    ],
    ['commit --pause=0 same hx:1', '{{len .RootFS.Layers}}', '1'],
    [
      "import -m msg -c 'CMD x' -c 'ENV A=1' -c 'WORKDIR /w' tree.tar hx:1",
      '{{.Comment}}|{{json .Config.Cmd}}|{{json .Config.Env}}|{{.Config.WorkingDir}}|{{len .RootFS.Layers}}|{{.Author}}',
      'msg|["/bin/sh","-c","x"]|["A=1"]|/w|1|',
    ],
    // Docker's daemon is told no name of a file: it says `-`.
    ['import tree.tar hx:1', '{{.Comment}}|{{.Os}}', 'Imported from tree.tar|linux'],
    ['import --platform linux/arm64 tree.tar hx:1', '{{.Os}}/{{.Architecture}}', 'linux/arm64'],
  ])('%s', async (line, format, shown) => {
    const made = await skiff(line);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(ID), stderr: '' });
    const inspected = await store.ok(['image', 'inspect', '-f', format, 'hx:1']);
    // Docker has the variables in another order.
    const sorted = (text: string) =>
      text.replace(/\["[A-Z]+=[^\]]*\]/, (list) => JSON.stringify(JSON.parse(list).sort()));
    expect(sorted(inspected)).toBe(shown);
    expect((await skiff('image inspect -f {{.Id}} hx:1')).stdout).toBe(made.stdout);
    await store.ok(['rmi', 'hx:1']);
  });

  it.each(["commit changed ''", "import tree.tar ''"])('has no name: %s', async (line) => {
    const { code, stdout } = await skiff(line);
    expect([code, stdout]).toEqual([0, expect.stringMatching(ID)]);
    expect(await store.ok(['image', 'inspect', '-f', '{{json .RepoTags}}', stdout.trim()])).toBe('[]');
    await store.ok(['rmi', stdout.trim()]);
  });

  it('of an archive without an entry is empty', async () => {
    const { code, stdout } = await store.skiff(['import', '-']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(ID)]);
    await store.ok(['rmi', stdout.trim()]);
  });
});

describe('export', () => {
  it('writes a file for its owner, in which are the places for mounts', async () => {
    await store.ok(['export', '-o', 'out.tar', 'changed'], { cwd: place });
    expect(statSync(join(place, 'out.tar')).mode & 0o777).toBe(0o600);
    const names = execFileSync('tar', ['-tf', 'out.tar'], { cwd: place, encoding: 'utf8' }).split('\n');
    expect(names.filter((name) => !name.startsWith('bin/'))).toEqual(
      expect.arrayContaining([
        'd/',
        'd/e/',
        'dev/',
        'etc/hosts',
        'etc/hostname',
        'proc/',
        'sys/',
        'tmp/',
        'x',
      ]),
    );
    expect(names).not.toContain('bin/vi');
  });
});

describe('refusals', () => {
  it.each<[string, string, number]>([
    ['diff', 'no container is named', 1],
    ['diff none', 'no such container: none', 1],
    ['diff same changed', 'too many arguments', 1],
    ['commit', 'missing required argument', 1],
    ['commit none', 'no such container: none', 1],
    ['commit changed a b', 'too many arguments', 1],
    ['commit -p false changed a', 'too many arguments', 1],
    ['commit --pause=nope changed', 'invalid boolean value "nope"', 125],
    ['commit changed Upper', 'repository name must be lower', 125],
    ['commit changed hx:', 'image name "hx:" is not valid', 125],
    ['commit changed hx:bad/tag', 'image name "hx:bad/tag" is not valid', 125],
    ["commit -c 'COPY a b' changed", 'copy is not a valid change command', 125],
    ["commit -c 'STOPSIGNAL 9' changed", 'stopsignal is not a valid change command', 125],
    ["commit -c 'ENV A' changed", 'ENV', 125],
    ['export', 'missing required argument', 1],
    ['export none', 'no such container: none', 1],
    ['export changed more', 'too many arguments', 1],
    [
      'export -o /not/there/x changed',
      'cannot write /not/there/x: no such file or directory: /not/there',
      125,
    ],
    ['export -o tree changed', 'it is no regular file', 125],
    ['import', 'missing required argument', 1],
    ['import none', 'cannot read none: no such file', 125],
    ['import tree', 'it is a directory', 125],
    ['import tree.tar Upper', 'repository name must be lower', 125],
    ['import -c FOO tree.tar', 'foo is not a valid change command', 125],
    ['import --platform windows/amd64 tree.tar', 'windows', 125],
    ['import --platform a/b/c/d tree.tar', 'platform "a/b/c/d" is not valid', 125],
    ['import garbage', 'the archive is cut short', 125],
    ['import cut', 'the archive is cut short', 125],
  ])('%s', async (line, message, code) => {
    const before = await store.ok(['images', '-aq']);
    const refused = await skiff(line);
    expect(refused.stderr).toContain(message);
    expect([refused.code, refused.stdout]).toEqual([code, '']);
    expect(await store.ok(['images', '-aq'])).toBe(before);
  });
});
