import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { EXECUTABLE, useStore } from '../helpers/skiff.ts';

const store = useStore();
let busybox: string;
useBusybox(store, (reference) => {
  busybox = reference;
});

/** Runs a line of bash in which `skiff` is this store's. The time limit is generous: it only ends what hangs. */
function bash(line: string): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const script = `skiff() { '${EXECUTABLE}' "$@"; }; ${line}`;
  const env = { ...process.env, SKIFF_ROOT: store.root, IMAGE: busybox };
  return new Promise((resolve) => {
    const options = { env, timeout: 60_000, killSignal: 'SIGKILL' } as const;
    const child = execFile('bash', ['-c', script], options, (_error, stdout, stderr) =>
      resolve({ stdout, stderr, code: child.exitCode }),
    );
  });
}

describe('a reader that goes away', () => {
  const CODES = '; echo $PIPESTATUS >&2';

  it('ends the foreground command, and the container goes on', async () => {
    const { stdout, stderr } = await bash(`skiff run --name yes "$IMAGE" yes | head -1${CODES}`);
    expect({ stdout, stderr }).toEqual({ stdout: 'y\n', stderr: '141\n' });
    expect(await store.ok(['ps'])).toMatch(/Up .*yes$/m);
  });

  it('ends logs -f in silence', async () => {
    const { stdout, stderr } = await bash(`skiff logs -f yes | head -1${CODES}`);
    expect({ stdout, stderr }).toEqual({ stdout: 'y\n', stderr: '141\n' });
  });

  it('ends logs in silence', async () => {
    await store.ok(['kill', 'yes']);
    await store.ok(['wait', 'yes']);
    const { stdout, stderr } = await bash(`skiff logs yes | head -1${CODES}`);
    expect({ stdout, stderr }).toEqual({ stdout: 'y\n', stderr: '141\n' });
    await store.ok(['rm', 'yes']);
  });

  it('ends pull in silence', async () => {
    const { stderr } = await bash(`skiff pull "$IMAGE" | true${CODES}`);
    expect(stderr).toMatch(/^(0|141)\n$/);
  });
});

describe('output that cannot be written', () => {
  it.each(['ps', 'images', 'version', 'info', '--help', 'pull "$IMAGE"', 'inspect "$IMAGE"'])(
    'is an error of skiff %s',
    async (command) => {
      const { stderr, code } = await bash(`skiff ${command} >/dev/full`);
      expect(stderr).toMatch(/^skiff: cannot write to standard output: .*no space left on device.*\n$/);
      expect(code).toBe(125);
    },
  );

  it('is an error of run when the container itself succeeded', async () => {
    const lost = await bash('skiff run --rm "$IMAGE" echo hi >/dev/full');
    expect(lost).toMatchObject({ code: 125 });
    expect(lost.stderr).toMatch(/^skiff: cannot write to standard output: no space left on device\n$/i);
    expect(await bash('skiff run --rm "$IMAGE" sh -c "echo hi; exit 3" >/dev/full')).toMatchObject({
      code: 3,
    });
    expect(await bash('skiff run --rm "$IMAGE" echo hi >&-')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('what goes through a pipe', () => {
  it('arrives whole, in both directions, at any speed', async () => {
    const line = `head -c 20000000 /dev/urandom | tee >(sha256sum >&2) | skiff run -i --rm "$IMAGE" cat | (sleep .2; sha256sum); wait`;
    const { stdout, stderr } = await bash(line);
    expect(stdout).toMatch(/^[0-9a-f]{64} /);
    expect(stderr).toBe(stdout);
  });
});
