import { afterEach, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);

/** An image with the label `made` and one layer of 3 MB above busybox. */
async function made(name: string, label: string): Promise<string> {
  const write = 'head -c 3000000 /dev/zero > /file';
  await store.ok(['run', '--name', 'maker', busybox, 'sh', '-c', write]);
  const id = await store.ok(['commit', '-m', 'a file', '-c', `LABEL made=${label}`, 'maker', name]);
  await store.ok(['rm', 'maker']);
  return id;
}

const listed = async () =>
  (await store.ok(['images', '--format', '{{.Repository}}:{{.Tag}}'])).split('\n').sort();

afterEach(async () => {
  const ids = await store.ok(['ps', '-aq']);
  if (ids !== '') await store.ok(['rm', '-f', ...ids.split('\n')]);
});

describe('tag', () => {
  it('gives an image a name by any of its own, which leads to no other image then', async () => {
    const id = await store.ok(['image', 'inspect', '-f', '{{.Id}}', busybox]);
    await store.ok(['tag', busybox, 'team/one']);
    await store.ok(['image', 'tag', id.slice(7, 19), 'localhost:5000/two:1']);
    await store.ok(['tag', 'hello', 'team/three']);
    await store.ok(['tag', 'team/one', 'team/three']);
    for (const name of ['team/one:latest', 'localhost:5000/two:1', 'team/three'])
      expect(await store.ok(['image', 'inspect', '-f', '{{.Id}}', name])).toBe(id);
    expect(await listed()).toEqual(
      expect.arrayContaining(['localhost:5000/two:1', 'team/one:latest', 'team/three:latest']),
    );
    const digest = ['images', '--digests', '--format', '{{.Digest}}'];
    expect(await store.ok([...digest, busybox.replace(/:[^/:]*$/, '')])).toMatch(/^sha256:/);
    await store.ok(['rmi', 'team/one', 'localhost:5000/two:1', 'team/three']);
    await store.ok(['rmi', 'localhost/hello']);
  });

  it.each([
    [['nothing', 'team/x'], 1, 'no such image: nothing'],
    [[busybox, 'team/X'], 125, 'team/X'],
    [[busybox, `team/x@sha256:${'0'.repeat(64)}`], 125, 'an image cannot be named by a digest'],
    [[busybox], 1, 'name'],
  ])('refuses %j', async (args, code, message) => {
    const before = await listed();
    const said = await store.skiff(['tag', ...args]);
    expect([said.code, said.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(await listed()).toEqual(before);
  });
});

describe('history', () => {
  it('tells the steps of an image, the last one first, with what each has added', async () => {
    const id = await made('team/told', 'yes');
    const lines = (
      await store.ok([
        'history',
        '--no-trunc',
        '--format',
        '{{.ID}}|{{.Size}}|{{.Comment}}|{{.CreatedBy}}',
        'team/told',
      ])
    ).split('\n');
    expect(lines[0]).toBe(`${id}|3MB|a file|sh -c head -c 3000000 /dev/zero > /file`);
    expect(lines[1]).toMatch(/^<missing>\|/);
    const plain = await store.ok(['history', '-H=false', 'team/told']);
    expect(plain).toMatch(
      /^IMAGE +CREATED AT +CREATED BY +SIZE +COMMENT\n[0-9a-f]{12} +\d{4}-\d\d-\d\dT[\d:]+Z +sh -c/,
    );
    expect(plain).toContain(' 3000000 ');
    expect((await store.ok(['image', 'history', '-q', 'team/told'])).split('\n')[0]).toBe(id.slice(7, 19));
    await store.ok(['rmi', 'team/told']);
  });

  it('is about an image that is there', async () => {
    const { code, stderr } = await store.skiff(['history', 'nothing']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('no such image: nothing')]);
  });
});

describe('images', () => {
  it('measures what a template names, and says of it what system df says', async () => {
    await made('team/measured', 'measured');
    await store.ok(['create', busybox]);
    const fields = '{{.ID}} {{.SharedSize}} {{.UniqueSize}} {{.Containers}}';
    const lines = (await store.ok(['images', '--format', fields])).split('\n').sort();
    const usage = JSON.parse(await store.ok(['system', 'df', '-v', '--format', 'json']));
    const expected = usage.Images.map((image: Record<string, string>) =>
      [image.ID, image.SharedSize, image.UniqueSize, image.Containers].join(' '),
    );
    expect(lines).toEqual(expected.sort());
    expect(lines.map((line) => line.split(' ')[3]).sort()).toEqual(['0', '1']);
    const [first = ''] = (await store.ok(['images', '--format', 'json'])).split('\n');
    expect(JSON.parse(first)).toMatchObject({ Containers: 'N/A', SharedSize: 'N/A', UniqueSize: 'N/A' });
    await store.ok(['rmi', 'team/measured']);
  });
});

describe('image prune', () => {
  it('removes what has no tag, and with --all what no container was made of; it says what is gone', async () => {
    const first = await made('team/again', 'first');
    await made('team/again', 'second');
    await store.ok(['tag', 'team/again', 'team/alias']);
    await store.ok(['tag', busybox, 'team/used']);
    await store.ok(['create', busybox]);
    const dangling = await store.ok(['image', 'prune', '-f']);
    expect(dangling).toBe(`Deleted Images:\ndeleted: ${first}\n\nTotal reclaimed space: 3MB`);
    expect(await store.ok(['image', 'prune', '-f'])).toBe('Total reclaimed space: 0B');
    const all = await store.ok(['image', 'prune', '-a', '-f', '--filter', 'label!=made=third']);
    expect(all).toMatch(
      /^Deleted Images:\nuntagged: team\/again:latest\nuntagged: team\/alias:latest\ndeleted: sha256:\S+\n\nTotal reclaimed space: 3MB$/,
    );
    expect(await listed()).toEqual([busybox, 'team/used:latest']);
    await store.ok(['rmi', 'team/used']);
  });

  it('keeps what does not fit the filters', async () => {
    await made('team/kept', 'kept');
    for (const filter of ['label=made=other', 'label!=made', 'until=1h', 'until=2000-01-01'])
      expect(
        await store.ok(['image', 'prune', '-a', '-f', '--filter', filter, '--filter', 'label=made']),
      ).toBe('Total reclaimed space: 0B');
    await store.ok(['image', 'prune', '-f', '--filter', 'dangling=false', '--filter', 'label=made']);
    expect(await listed()).toEqual([busybox]);
    const { code, stderr } = await store.skiff(['image', 'prune', '-f', '--filter', 'dangling=maybe']);
    expect([code, stderr]).toEqual([125, expect.stringContaining('invalid filter "dangling=maybe"')]);
  });
});
