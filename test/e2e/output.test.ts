import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { EXECUTABLE, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

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

  it('arrives whole and in order without a log, in pieces of any size', async () => {
    const script =
      'i=0; while [ $i -lt 30 ]; do echo $i; seq 1 20000; sleep .01; echo end; seq 1 50; i=$((i+1)); done';
    const line = `sh -c '${script}' | sha256sum; skiff run --rm --log-driver none "$IMAGE" sh -c '${script}' | sha256sum`;
    const [here, there] = (await bash(line)).stdout.split('\n');
    expect(there).toBe(here);
  });

  it('arrives whole without a log when the container ends before anybody reads', async () => {
    const run = 'skiff run --rm --log-driver none "$IMAGE" head -c 5000000 /dev/zero';
    expect((await bash(`${run} | (sleep .5; wc -c)`)).stdout).toBe('5000000\n');
  });

  it('goes on without a log until 1 MB of it is unread', async () => {
    const run = `skiff run --name "$NAME" --log-driver none "$IMAGE" head -c 1048576 /dev/zero`;
    // The reader begins when the container has written all, and ended.
    const ended = 'until skiff wait "$NAME" 2>&-; do sleep .05; done';
    const { stdout } = await bash(`NAME=unread; ${run} | { ${ended}; wc -c; }; skiff rm "$NAME"`);
    expect(stdout).toBe('0\n1048576\nunread\n');
  });

  it('without a log is nobody’s any more when its reader goes, or its client is killed', async () => {
    const script = 'head -c 3000000 /dev/zero; echo done > /done; sleep 1000';
    const run = `skiff run --log-driver none --name "$NAME" "$IMAGE" sh -c '${script}'`;
    const done = 'until skiff exec "$NAME" test -e /done; do sleep .05; done; skiff rm -f "$NAME"';
    const gone = await bash(`NAME=gone; ${run} | head -c 200000 | wc -c; echo \${PIPESTATUS[0]}; ${done}`);
    expect(gone.stdout).toBe('200000\n141\ngone\n');
    const start = `'${EXECUTABLE}' run --log-driver none --name killed "$IMAGE" sh -c '${script}' > f & client=$!`;
    const killed = await bash(
      `NAME=killed; cd $(mktemp -d); mkfifo f; exec 3<>f; ${start}; until skiff exec killed true 2>&-; do sleep .05; done; kill -KILL $client; ${done}; rm -r $PWD`,
    );
    expect(killed.stdout).toBe('killed\n');
  });
});
