import { describe, expect, it, onTestFinished } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

async function start(options: string[], ...command: string[]): Promise<string> {
  const id = await store.ok(['run', '-d', ...options, busybox, ...command]);
  onTestFinished(async () => {
    await store.ok(['rm', '-f', id]);
  });
  return id;
}

describe('stats', () => {
  it('shows a table of what runs, with Docker’s columns', async () => {
    const id = await start(['--name', 'quiet', '-m', '64m'], 'sleep', '600');
    const [header = '', line = '', ...rest] = (await store.ok(['stats', '--no-stream'])).split('\n');
    expect(header.split(/ {2,}/)).toEqual([
      ...['CONTAINER ID', 'NAME', 'CPU %', 'MEM USAGE / LIMIT', 'MEM %', 'NET I/O', 'BLOCK I/O', 'PIDS'],
    ]);
    expect(line).toMatch(
      new RegExp(
        `^${id.slice(0, 12)} +quiet +\\d+\\.\\d\\d% +[\\d.]+\\w+ / 64MiB +\\d+\\.\\d\\d% +0B / 0B +.* 1$`,
      ),
    );
    expect(rest).toEqual([]);
  });

  it('counts a busy CPU as about 100 percent, and a limited one as less', async () => {
    const spin = ['sh', '-c', 'while :; do :; done'];
    await start(['--name', 'half', '--cpus', '0.2'], ...spin);
    const text = await store.ok(['stats', '--no-stream', '--format', '{{.CPUPerc}}', 'half']);
    const percent = Number(text.replace('%', ''));
    expect(percent).toBeGreaterThan(1);
    expect(percent).toBeLessThan(60);
  });

  it('prints JSON with whole ids when asked', async () => {
    const id = await start(['--name', 'json'], 'sleep', '600');
    const line = await store.ok(['stats', '--no-stream', '--no-trunc', '--format', 'json', 'json']);
    expect(JSON.parse(line)).toMatchObject({ ID: id, Name: 'json', PIDs: '1', NetIO: '0B / 0B' });
  });

  it('shows with -a those that do not run, too, as zeros', async () => {
    const id = await start(['--name', 'ended'], 'true');
    await store.ok(['wait', id]);
    expect(await store.ok(['stats', '--no-stream', '--format', '{{.Name}}'])).not.toContain('ended');
    const all = await store.ok([
      'stats',
      '-a',
      '--no-stream',
      '--format',
      '{{.Name}} {{.MemUsage}} {{.PIDs}}',
    ]);
    expect(all.split('\n')).toContain('ended 0B / 0B 0');
  });

  it('goes on until Ctrl-C, which ends it without an error', async () => {
    await start(['--name', 'watched'], 'sleep', '600');
    const watching = store.start(['stats', '--format', '{{.Name}}', 'watched']);
    await printed(watching, 'watched\nwatched');
    watching.kill('SIGINT');
    const { exitCode, stderr } = await watching;
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
  });

  it.each([
    ['{{.Memory}}', 'the fields are Container, ID, Name'],
    ['{{range .}}', 'template: :1: unexpected EOF'],
    ['{{.Name', 'template: :1: unclosed action'],
  ])('refuses the template %s', async (format, hint) => {
    const { code, stderr } = await store.skiff(['stats', '--no-stream', '--format', format]);
    expect(code).toBe(125);
    expect(stderr).toContain(hint);
  });

  it('names a container that does not exist', async () => {
    const { code, stderr } = await store.skiff(['stats', '--no-stream', 'nobody']);
    expect(code).toBe(1);
    expect(stderr).toContain('no such container: nobody');
  });
});
