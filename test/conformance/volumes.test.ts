import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

/**
 * `docker volume` in Docker's documentation (reference/cli/docker/volume), with what docker.io 20.10 has answered to the same
 * words; codes of refusals are skiff's. Where it is too old, as with `prune`, which has taken named volumes, too, before
 * Docker 23, it is what the documentation says.
 */

const store = useStore();
const busybox = useBusybox(store);

beforeAll(async () => {
  await store.ok(['volume', 'create', 'hx-plain']);
  await store.ok([
    ...['volume', 'create', '--label', 'k', '--label', 'e=', '--label', 'a=b=c'],
    ...['-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m', 'hx-told'],
  ]);
  await store.ok(['create', '--name', 'user', '-v', 'hx-used:/data', busybox, 'true']);
});

afterAll(async () => {
  await store.ok(['rm', '-f', 'user']);
  await store.ok(['volume', 'rm', 'hx-plain', 'hx-told', 'hx-used']);
});

/** Runs a line whose words are split at blanks that are not within single quotes. */
function volume(line: string) {
  const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/, '$1'));
  return store.skiff(['volume', ...words]);
}

describe('docker volume answers', () => {
  it.each<[string, string]>([
    ['create hx-plain', 'hx-plain\n'],
    ['ls -f name=hx', 'DRIVER    VOLUME NAME\nlocal     hx-plain\nlocal     hx-told\nlocal     hx-used\n'],
    ['ls -qf name=hx-', 'hx-plain\nhx-told\nhx-used\n'],
    ['ls -qf name=plain', 'hx-plain\n'],
    ['ls -qf name=hx-plain -f name=hx-used', 'hx-plain\nhx-used\n'],
    ['ls -qf name=none', ''],
    ['ls -qf label=k', 'hx-told\n'],
    ['ls -qf label=k=', 'hx-told\n'],
    ['ls -qf label=a', 'hx-told\n'],
    ['ls -qf label=a=b=c', 'hx-told\n'],
    ['ls -qf label=a=b', ''],
    ['ls -qf label=k -f label=none', ''],
    ['ls -qf driver=local -f name=plain', 'hx-plain\n'],
    ['ls -qf driver=x', ''],
    ['ls -qf dangling=true', 'hx-plain\nhx-told\n'],
    ['ls -qf dangling=1', 'hx-plain\nhx-told\n'],
    ['ls -qf dangling=false', 'hx-used\n'],
    ['ls -qf dangling=0 -f name=plain', ''],
    [
      'ls -f name=told --format \'{{.Name}}|{{.Driver}}|{{.Scope}}|{{.Labels}}|{{.Links}}|{{.Size}}|{{.Label "a"}}\'',
      'hx-told|local|local|a=b=c,e=,k=|N/A|N/A|b=c\n',
    ],
    [
      'ls -f name=told --format \'table {{.Name}}\t{{.Labels}}\t{{.Label "a"}}\'',
      'VOLUME NAME   LABELS        a\nhx-told       a=b=c,e=,k=   b=c\n',
    ],
    [
      "inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{.Labels}} {{.Options}}' hx-plain",
      'hx-plain local local map[] map[]\n',
    ],
    [
      "inspect -f '{{json .Labels}} {{json .Options}}' hx-told",
      '{"a":"b=c","e":"","k":""} {"device":"tmpfs","o":"size=1m","type":"tmpfs"}\n',
    ],
    ['rm -f none', 'none\n'],
    ['prune -af --filter label=none', 'Total reclaimed space: 0B\n'],
    ['prune -f', 'Total reclaimed space: 0B\n'],
  ])('%s', async (line, answer) => {
    expect(await volume(line)).toEqual({ code: 0, stdout: answer, stderr: '', signal: undefined });
  });

  it('create and inspect with everything of a volume', async () => {
    const made = await store.ok(['volume', 'create']);
    expect(made).toMatch(/^[0-9a-f]{64}$/);
    const [shown, ...more] = JSON.parse(await store.ok(['volume', 'inspect', made]));
    expect(more).toEqual([]);
    expect(Object.keys(shown).sort()).toEqual(
      ['CreatedAt', 'Driver', 'Labels', 'Mountpoint', 'Name', 'Options', 'Scope'].sort(),
    );
    expect(shown.CreatedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await store.ok(['volume', 'prune', '-f', '--filter', 'label!=keep'])).toBe(
      `Deleted Volumes:\n${made}\n\nTotal reclaimed space: 0B`,
    );
  });

  it('rm with each that went, and goes on after one that is not there', async () => {
    for (const name of ['hx-a', 'hx-b']) await store.ok(['volume', 'create', name]);
    expect(await volume('rm hx-a none hx-b')).toMatchObject({
      code: 1,
      stdout: 'hx-a\nhx-b\n',
      stderr: expect.stringContaining('no such volume: none'),
    });
  });

  it('inspect with those that are there, when others are not', async () => {
    const { code, stdout, stderr } = await volume('inspect hx-plain none');
    expect([code, JSON.parse(stdout).map(({ Name }: { Name: string }) => Name)]).toEqual([1, ['hx-plain']]);
    expect(stderr).toContain('no such volume: none');
  });
});

const CHARACTERS =
  'includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed';

describe('docker volume refuses', () => {
  it.each<[string, string, number]>([
    ['create a/b', `"a/b" ${CHARACTERS}`, 125],
    ['create .x', `".x" ${CHARACTERS}`, 125],
    ['create -- -x', `"-x" ${CHARACTERS}`, 125],
    ['create x', 'volume name is too short, names should be at least two alphanumeric characters', 125],
    ['create -d none hx-no', 'none', 125],
    ['create --name hx-no hx-too', 'either --name or', 1],
    ['create hx-no hx-too', 'too many arguments', 1],
    ['create -o none=1 hx-no', 'invalid option: "none"', 125],
    ['create -o type=tmpfs hx-no', 'missing required option: "device"', 125],
    ['create -o size=1m hx-no', 'quota size requested but no quota support', 125],
    ['ls -f none=x', "invalid filter 'none'", 125],
    ['ls -f scope=local', "invalid filter 'scope'", 125],
    ['ls -f dangling=maybe', "invalid filter 'dangling=maybe'", 125],
    ['ls -f name', 'bad format of filter "name" (expected name=value)', 125],
    ['ls more', 'too many arguments', 1],
    ['inspect', 'missing required argument', 1],
    ['inspect none', 'no such volume: none', 1],
    ["inspect -f '{{.Nope}}' hx-plain", 'template parsing error: template: :1:2: executing "" at <.Nope>', 1],
    ['rm', 'missing required argument', 1],
    ['rm none', 'no such volume: none', 1],
    ['rm hx-used', 'remove hx-used: volume is in use - [', 1],
    ['rm -f hx-used', 'remove hx-used: volume is in use - [', 1],
    ['prune -f more', 'too many arguments', 1],
    ['prune -f --filter none=x', 'invalid filter "none=x"', 125],
    ['none', '"none" is not a command of skiff volume', 1],
  ])('%s', async (line, message, code) => {
    const refused = await volume(line);
    expect(refused.stderr).toContain(message);
    expect(refused.code).toBe(code);
  });

  it('and leaves what was there', async () => {
    expect((await volume('ls -q')).stdout).toBe('hx-plain\nhx-told\nhx-used\n');
  });
});
