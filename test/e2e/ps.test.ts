import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

/** Lines without the header. */
const listed = async (...args: string[]) => (await store.ok(['ps', ...args])).split('\n').filter(Boolean);
const names = async (...args: string[]) => (await listed('--format', '{{.Names}}', ...args)).join(' ');

describe('ps', () => {
  beforeAll(async () => {
    await store.ok([
      'run',
      '--name',
      'ended',
      '--label',
      'app=web',
      busybox,
      'sh',
      '-c',
      'head -c 5000 /dev/zero >/file',
    ]);
    await store.skiff(['run', '--name', 'failed', '--label', 'app=db', busybox, 'sh', '-c', 'exit 3']);
    await store.ok(['create', '--name', 'fresh', busybox, 'true']);
    const script = 'echo ready; while :; do sleep 1; done';
    await store.ok([
      'run',
      '-d',
      '--name',
      'up',
      '--network',
      'none',
      '--label',
      'app=web',
      '--label',
      'x-y.z=1',
      busybox,
      'sh',
      '-c',
      script,
    ]);
    const follow = store.start(['logs', '-f', 'up']);
    await printed(follow, 'ready');
    follow.kill();
    await follow;
  });
  afterAll(async () => {
    await store.ok(['rm', '-f', 'up', 'fresh', 'failed', 'ended']);
  });

  it('shows what runs, or all, or the newest', async () => {
    expect(await names()).toBe('up');
    expect(await names('-a')).toBe('up fresh failed ended');
    expect(await names('-l')).toBe('up');
    expect(await names('-n', '2')).toBe('up fresh');
    expect(await listed('-q')).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/)]);
  });

  it("has Docker's table and words", async () => {
    const [header, ...lines] = (await store.ok(['ps', '-a'])).split('\n');
    expect(header).toMatch(/^CONTAINER ID {3}IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/);
    expect(lines[0]).toMatch(/^[0-9a-f]{12} .* "sh -c 'echo ready; …" .* Up .* up$/);
    expect(lines[1]).toMatch(/ "true" +.* ago +Created +fresh$/);
    expect(lines[2]).toMatch(/ Exited \(3\) .* ago +failed$/);
  });

  it('makes tables and lines from templates', async () => {
    expect(await store.ok(['ps', '-a', '--format', 'table {{.Names}}\\t{{.Status}}'])).toMatch(
      /^NAMES {5}STATUS\nup {8}Up .*\nfresh {5}Created\nfailed {4}Exited \(3\) .*\nended {5}Exited \(0\) .*$/,
    );
    expect(await store.ok(['ps', '--format', 'table {{.Label "x-y.z"}}\\t{{.Names}}'])).toBe(
      'z         NAMES\n1         up',
    );
    expect(await names('-a', '--filter', 'label=app=web')).toBe('up ended');
    expect(
      await listed('--format', '{{.Names}}:{{.State}}:{{.Networks}}:{{.Label "app"}}:{{.Labels}}'),
    ).toEqual(['up:running:none:web:app=web,x-y.z=1']);
    const [line = ''] = await listed('--format', 'json');
    expect(JSON.parse(line)).toMatchObject({
      Names: 'up',
      Image: busybox,
      State: 'running',
      LocalVolumes: '0',
      Mounts: '',
      Ports: '',
    });
  });

  it('shows only what fits all filters', async () => {
    expect(await names('-a', '-f', 'status=exited')).toBe('failed ended');
    expect(await names('-f', 'status=created')).toBe('fresh');
    expect(await names('-a', '-f', 'exited=3')).toBe('failed');
    expect(await names('-a', '-f', 'name=e', '-f', 'status=exited')).toBe('failed ended');
    expect(await names('-a', '-f', 'status=running', '-f', 'status=created')).toBe('up fresh');
    expect(await names('-a', '-f', 'since=failed')).toBe('up fresh');
    expect(await names('-a', '-f', 'before=fresh', '-f', 'label=app')).toBe('failed ended');
    expect(await names('-a', '-f', `ancestor=${busybox}`, '-f', 'health=none')).toBe('up fresh failed ended');
  });

  it('says which containers are paused', async () => {
    await store.ok(['pause', 'up']);
    expect(await names('-f', 'status=paused')).toBe('up');
    expect(await listed('--format', '{{.Status}}')).toEqual([expect.stringMatching(/^Up .* \(Paused\)$/)]);
    await store.ok(['unpause', 'up']);
  });

  it('counts their files when asked to', async () => {
    expect(await store.ok(['ps', '-as', '-f', 'name=ended'])).toMatch(/SIZE\n.* 5kB \(virtual .*B\)$/);
    expect(await listed('-a', '-f', 'name=ended', '--format', '{{.Size}}')).toEqual([
      expect.stringMatching(/^5kB \(virtual /),
    ]);
  });

  it.each([
    [['-f', 'nope=1'], "invalid filter 'nope'"],
    [['-f', 'status=up'], "invalid filter 'status=up'"],
    [['-f', 'name'], 'bad format of filter'],
    [['--format', '{{.Nope}}'], "can't evaluate field Nope"],
    [['--format', '{{.Names'], 'unclosed action'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await store.skiff(['ps', ...args]);
    expect(code).toBe(125);
    expect(stderr).toContain(message);
  });
});

describe('images', () => {
  it('takes templates and filters', async () => {
    const [repository, tag] = [busybox.slice(0, busybox.lastIndexOf(':')), 'latest'];
    expect(await store.ok(['images', '--format', '{{.Repository}} {{.Tag}} {{.Digest}}'])).toMatch(
      new RegExp(`^${repository} ${tag} sha256:[0-9a-f]{64}$`),
    );
    expect(await store.ok(['images', '--format', 'table {{.ID}}\\t{{.Size}}'])).toMatch(
      /^IMAGE ID {7}SIZE\n[0-9a-f]{12} {3}\S+B$/,
    );
    expect(await store.ok(['images', '-q', '-f', 'dangling=true'])).toBe('');
    expect(await store.ok(['images', '-q', '-f', 'dangling=false'])).toMatch(/^[0-9a-f]{12}$/);
    expect(await store.ok(['images', '-q', '-f', 'label=none'])).toBe('');
    expect(await store.ok(['images', '-q', busybox])).toMatch(/^[0-9a-f]{12}$/);
    expect(await store.ok(['images', '-q', 'other*'])).toBe('');
    expect(await store.ok(['images', '-q', '-f', `reference=${repository.replace(/[^/]*$/, '*')}`])).not.toBe(
      '',
    );
    expect(await store.ok(['images', '-q', '-f', `before=${busybox}`])).toBe('');
    expect((await store.skiff(['images', '-f', 'nope=1'])).stderr).toContain("invalid filter 'nope'");
  });
});
