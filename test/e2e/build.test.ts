import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useTerminals } from '../helpers/pty.ts';
import { COMMAND, leftovers, namesIn, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const terminals = useTerminals();
const busybox = useBusybox(store);

const place = mkdtempSync(join(tmpdir(), 'skiff-build-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** A context with this Dockerfile, in which BASE stands for the base image. */
function context(dockerfile: string, files: Record<string, string> = {}): string {
  const directory = mkdtempSync(join(place, 'context-'));
  writeFileSync(join(directory, 'Dockerfile'), dockerfile.replaceAll('BASE', busybox));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

const build = (directory: string, ...options: string[]) =>
  store.skiff(['build', '--network', 'none', ...options, directory]);

async function built(directory: string, ...options: string[]): Promise<string> {
  const { stderr, code } = await build(directory, ...options);
  expect(code, stderr).toBe(0);
  return stderr;
}

/** The lines that a build prints of its steps, without numbers and times: `[2/3] RUN true`, `DONE`. */
const steps = (stderr: string) =>
  stderr
    .split('\n')
    .flatMap((line) => /^#\d+ (.*)$/.exec(line)?.[1] ?? [])
    .map((line) => line.replace(/^(DONE) .*$/, '$1').replace(/^\d+\.\d{3} /, '> '));

const count = (stderr: string, word: string) => steps(stderr).filter((line) => line === word).length;

async function inspect(name: string) {
  return JSON.parse(await store.ok(['image', 'inspect', name]))[0];
}

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');

/** All files of the store whose bytes have a text in them. */
function filesWith(text: string): string[] {
  return readdirSync(store.root, { recursive: true, encoding: 'utf8' })
    .map((name) => join(store.root, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .filter((path) => readFileSync(path).includes(text));
}

describe('build', () => {
  it('makes an image that runs, of stages that need each other, and finds all of it in the cache again', async () => {
    const directory = context(
      `FROM BASE AS build
WORKDIR /src
COPY . .
RUN cat name > /made; echo said; echo err >&2
RUN true
FROM BASE
ENV GREETING=hello
COPY --from=build /made /made
RUN echo "$GREETING $(cat /made)" > /greeting
LABEL of=file
CMD ["cat", "/greeting"]
`,
      { name: 'world\n' },
    );
    const first = await built(
      directory,
      '-t',
      'made:1',
      '-t',
      'made:2',
      '--label',
      'of=options',
      '--iidfile',
      join(place, 'iid'),
    );
    expect(steps(first)).toEqual(
      expect.arrayContaining([
        '[build 4/5] RUN cat name > /made; echo said; echo err >&2',
        '> said',
        '> err',
      ]),
    );
    expect(await store.ok(['run', '--rm', 'made:2'])).toBe('hello world');
    const { Id, Config, RootFS } = await inspect('made:1');
    expect(readFileSync(join(place, 'iid'), 'utf8')).toBe(Id);
    expect(Config.Labels).toEqual({ of: 'options' });
    // The base has one, and what does nothing has none.
    expect(RootFS.Layers).toHaveLength(3);
    const history = await store.ok(['history', '--no-trunc', '--format', '{{.CreatedBy}}', 'made:1']);
    expect(history.split('\n').slice(0, 3)).toEqual([
      'CMD ["cat" "/greeting"]',
      'LABEL of=file',
      expect.stringMatching(/^RUN \/bin\/sh -c echo .* # buildkit$/),
    ]);

    const other = context(readFileSync(join(directory, 'Dockerfile'), 'utf8'), { name: 'world\n' });
    const again = await built(other, '-t', 'made:3', '--label', 'of=options');
    expect([count(again, 'CACHED'), (await inspect('made:3')).Id]).toEqual([7, Id]);
    const anew = await built(other, '--no-cache-filter', 'build');
    expect(steps(anew)).toContain('> said');
    expect(count(anew, 'CACHED')).toBe(3);

    writeFileSync(join(other, 'name'), 'you\n');
    const changed = await built(other, '-t', 'made:4');
    expect(steps(changed)).toContain('not cached: content changed');
    expect(await store.ok(['run', '--rm', 'made:4'])).toBe('hello you');
    // The file is another one, and the step that did nothing does nothing.
    expect(steps(changed).join('\n')).toContain('[build 2/5] WORKDIR /src\nCACHED');
  });

  it('shows files of the host to all RUNs with -v, and has nothing of them in the image but what RUN takes', async () => {
    const directory = context('FROM BASE\nRUN cat /deps/word > /word; echo made > /deps/made\n', {
      'deps/word': 'here',
    });
    await built(directory, '-t', 'volume', '-v', `${join(directory, 'deps')}:/deps`);
    expect(readFileSync(join(directory, 'deps/made'), 'utf8')).toBe('made\n');
    const script = 'cat /word; test -e /deps || echo gone';
    expect(await store.ok(['run', '--rm', '--network', 'none', 'volume', 'sh', '-c', script])).toBe(
      'heregone',
    );
  });

  it('makes one layer of all that it has laid over the base with --squash, which is what they are together', async () => {
    const directory = context(`FROM BASE
RUN rm -r /var/spool /etc/group; mkdir -p /d/e /etc/group; echo 1 > /d/e/f; ln /d/e/f /g
RUN rm -r /d/e; ln -s /etc /d/e; mkdir -p /var/spool; echo 2 > /var/spool/f; ln /g /h; chmod 700 /etc
RUN rm -r /var/spool; echo 3 > /var/spool; mkdir /gone; rmdir /gone
CMD ["true"]
`);
    await built(directory, '-t', 'plain');
    const first = await built(directory, '-t', 'squashed', '--squash');
    expect([count(await built(directory, '--squash'), 'CACHED') - count(first, 'CACHED')]).toEqual([1]);
    const [plain, squashed] = [await inspect('plain'), await inspect('squashed')];
    expect([plain.RootFS.Layers.length, squashed.RootFS.Layers.length]).toEqual([4, 2]);
    const script =
      'find / -xdev ! -type d -exec stat -c "%n %f %u:%g %h %Y %s" {} + | grep -vE "^/etc/(ho|resolv)" | sort; find / -xdev -type d -exec stat -c "%n %f" {} + | sort';
    const files = (image: string) => store.ok(['run', '--rm', image, 'sh', '-c', script]);
    expect(await files('squashed')).toBe(await files('plain'));
    const history = await store.ok([
      'history',
      '--format',
      '{{.Size}} {{.CreatedBy}} {{.Comment}}',
      'squashed',
    ]);
    expect(
      history
        .split('\n')
        .map((line) => line.slice(0, 6))
        .slice(0, 3),
    ).toEqual([expect.stringMatching(/B /), '0B CMD', '0B RUN']);
    expect(history).toContain('squashed 3 layers');
    const inline = ['--cache-to', 'type=inline'];
    expect(await build(directory, '--squash', ...inline)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no layers of steps'),
    });
    const { stderr, code } = await build(directory, '--squash', '-o', 'type=cacheonly');
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('no image whose layers')]);
    expect(code).not.toBe(0);
  });

  it('adds an archive that is larger than what a pipe holds, and ends', async () => {
    const directory = context('FROM BASE\nADD --chown=5 big.tar /there/\nCMD wc -c /there/big\n');
    writeFileSync(join(directory, 'big'), Buffer.alloc(3_000_000, 'of the archive '));
    execFileSync('tar', ['-cf', 'big.tar', 'big'], { cwd: directory });
    await built(directory, '-t', 'added');
    expect(await store.ok(['run', '--rm', 'added'])).toBe('3000000 /there/big');
  });

  it('does what stages do not need each other for side by side, and what is the same once', async () => {
    const directory = context(`FROM BASE AS one
RUN --mount=type=cache,target=/c mkfifo -m 600 /c/pipe 2>/dev/null; echo met > /c/pipe
FROM BASE AS other
RUN --mount=type=cache,target=/c mkfifo -m 600 /c/pipe 2>/dev/null; cat /c/pipe
FROM BASE AS same
RUN echo "once" > /same
FROM BASE AS twin
RUN echo "once" > /same
RUN echo again
RUN echo again
FROM scratch
COPY --from=one /bin/true /one
COPY --from=other /bin/true /other
COPY --from=same /same /same
COPY --from=twin /same /twin
`);
    const said = await built(directory);
    expect(steps(said)).toContain('> met');
    expect(new Set(steps(said).filter((line) => /RUN echo "once"/.test(line))).size).toBe(2);
    expect(steps(said).join('\n')).toMatch(/\[(same|twin) 2\/\d\] RUN echo "once" > \/same\nCACHED/);
    expect(count(said, '> again')).toBe(1);
    const anew = await built(directory, '--no-cache');
    expect(count(anew, '> again')).toBe(2);
    expect(steps(anew).join('\n')).toMatch(/\[(same|twin) 2\/\d\] RUN echo "once" > \/same\nCACHED/);
  });

  it('shows secrets, documents and other files to one step alone, and keeps nothing of them', async () => {
    writeFileSync(join(place, 'token'), 'hunter2-in-a-file');
    const directory = context(
      `FROM BASE AS files
RUN mkdir -p /seed && echo seed > /seed/it && ln -s ../../seed /link
FROM BASE
RUN --mount=type=secret,id=token,mode=0440,uid=7 sha1sum /run/secrets/token; ls -ln /run/secrets/token
RUN --mount=type=secret,id=word,env=WORD printf %s "$WORD" | sha1sum
RUN --mount=type=ssh,id=agent,uid=7,mode=0620 ls -ln "$SSH_AUTH_SOCK"
RUN --mount=type=secret,id=none test ! -e /run/secrets/none
RUN --mount=type=tmpfs,target=/mem,size=1m df -k /mem | tail -1; touch /mem/x
RUN --mount=type=bind,source=sub,target=/ctx ls /ctx; touch /ctx/new || true
RUN --mount=type=bind,from=files,source=/seed,target=/s,rw cat /s/it; touch /s/new
RUN --mount=type=cache,id=kept,target=/deep/cache,from=files,source=/link cat /deep/cache/*; touch /deep/cache/more
RUN --mount=type=cache,id=kept,target=/elsewhere,sharing=locked --mount=type=cache,id=kept,target=/twice,sharing=locked ls /elsewhere; cmp /elsewhere/it /twice/it
RUN <<ONE
#!/bin/sh
echo "program $0"
ONE
RUN find / -xdev -type d \\( -name mem -o -name ctx -o -name s -o -name deep -o -name secrets -o -name elsewhere -o -name twice \\)
`,
      { 'sub/shown': '', 'sub/hidden': '', '.dockerignore': '**/hidden\n' },
    );
    const agent = createServer().listen(join(place, 'agent'));
    onTestFinished(() => void agent.close());
    await once(agent, 'listening');
    const token = `id=token,src=${join(place, 'token')}`;
    const options = [
      '--secret',
      token,
      '--secret',
      'id=word,env=WORD',
      '--ssh',
      `agent=${join(place, 'agent')}`,
    ];
    const { stderr, code } = await store.skiff(
      ['build', '--network', 'none', '-t', 'shown', ...options, directory],
      {
        env: { WORD: 'hunter2-in-a-variable' },
      },
    );
    expect(code, stderr).toBe(0);
    expect(steps(stderr).filter((line) => line.startsWith('>'))).toEqual([
      `> ${sha1('hunter2-in-a-file')}  /run/secrets/token`,
      expect.stringMatching(/^> -r--r----- +1 7 +0 +17 /),
      `> ${sha1('hunter2-in-a-variable')}  -`,
      expect.stringMatching(/^> srw--w---- +1 7 +0 +0 .* \/run\/buildkit\/ssh_agent\.0$/),
      expect.stringMatching(/^> tmpfs +1024 /),
      '> shown',
      '> touch: /ctx/new: Read-only file system',
      '> seed',
      '> seed',
      '> it',
      '> more',
      '> program /dev/pipes/ONE',
    ]);
    expect(filesWith('hunter2')).toEqual([]);
    // What was mounted, and where, is in no layer; nothing else was made.
    expect((await inspect('shown')).RootFS.Layers).toHaveLength(1);
    const missing = await build(context('FROM BASE\nRUN --mount=type=secret,id=it,required true\n'));
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('secret it: not found')]);
  });

  it('says where it failed and how, ends the other stages, and goes on from there the next time', async () => {
    const directory = context(`FROM BASE AS slow
RUN echo slow; sleep 1000
FROM BASE AS failing
RUN echo before > /before
RUN echo last words; exit 3
FROM slow
COPY --from=failing /before /
`);
    const { stderr, code } = await build(directory);
    expect(code).toBe(1);
    expect(steps(stderr)).toContain('> last words');
    expect(steps(stderr)).toContain('CANCELED');
    const [command] = [
      'process "/bin/sh -c echo last words; exit 3" did not complete successfully: exit code: 3',
    ];
    expect(steps(stderr)).toContain(`ERROR: ${command}`);
    expect(stderr).toContain(`skiff: Dockerfile:5:1: ${command}\n`);
    expect(stderr).toContain('  5 | >>> RUN echo last words; exit 3\n');
    expect(leftovers(store)).toEqual([]);
    const again = await build(directory, '--target', 'failing');
    expect([again.code, count(again.stderr, 'CACHED')]).toEqual([1, 2]);

    const memory = await build(context('FROM BASE\nRUN tail /dev/zero\n'), '-m', '16m');
    expect(memory.stderr).toContain('exit code: 137: the kernel killed it for want of memory');
    const unknown = await build(context('FROM BASE\nRUN ["no-such-program"]\n'));
    expect(unknown.stderr).toContain('"no-such-program": executable file not found in $PATH');
    expect(leftovers(store)).toEqual([]);
  });

  it('hides its steps, ends at once with Ctrl-C, and leaves nothing that the next build does not take away', async () => {
    const directory = context('FROM BASE\nRUN echo done > /done\nRUN echo up; sleep 1000\n');
    const started = () => {
      const builder = store.start(['build', '--network', 'none', directory]);
      const up = new Promise<void>((resolve) => {
        let heard = '';
        builder.stderr?.on('data', (text) => {
          heard += String(text);
          if (/^#\d+ \d+\.\d{3} up$/m.test(heard)) resolve();
        });
      });
      return { builder, up };
    };
    const first = started();
    await first.up;
    expect(await store.ok(['ps', '-aq'])).toBe('');
    const [id = ''] = namesIn(join(store.root, 'containers'));
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect((await store.skiff(['inspect', id])).code).toBe(1);
    await store.ok(['container', 'prune', '-f']);
    expect(namesIn(join(store.root, 'containers'))).toEqual([id]);
    first.builder.kill('SIGINT');
    const { exitCode, stderr } = await first.builder;
    expect([exitCode, count(String(stderr), 'CANCELED')]).toEqual([130, 1]);
    expect(leftovers(store)).toEqual([]);

    const second = started();
    await second.up;
    const [killed = ''] = namesIn(join(store.root, 'containers'));
    second.builder.kill('SIGKILL');
    await second.builder;
    // Its monitor takes the container apart, and nobody else has to.
    await until(() => !namesIn(store.runRoot).includes(killed));
    writeFileSync(join(directory, 'Dockerfile'), `FROM ${busybox}\nRUN echo done > /done\nCMD cat /done\n`);
    const after = await built(directory, '-t', 'after');
    expect(count(after, 'CACHED')).toBe(2);
    expect(await store.ok(['run', '--rm', 'after'])).toBe('done');
    expect(leftovers(store)).toEqual([]);
  });
});

describe('a shell on failure', () => {
  it('is where RUN has failed, with its mounts and secrets, once nothing else runs; the build ends with it', async () => {
    const directory = context(`FROM BASE AS other
RUN --mount=type=cache,target=/held,sharing=locked echo begun > /held/other; sleep 100
FROM BASE
ENV KEPT=variable
WORKDIR /work
RUN --mount=type=secret,id=word --mount=type=cache,target=/held --mount=type=bind,target=/context \
  until [ -e /held/other ]; do :; done; echo half > done; exit 7
COPY --from=other / /
`);
    writeFileSync(join(place, 'word'), 'sesame');
    const options = ['--network', 'none', '--secret', `id=word,src=${join(place, 'word')}`];
    const line = [...COMMAND, '--root', store.root, 'build', ...options, '--shell-on-fail', directory];
    const terminal = terminals.open(line, { env: { ...process.env, SKIFF_NETWORK: 'none' } });
    await terminal.shows(/did not complete successfully: exit code: 7.*the build ends with it.*# /s);
    expect(terminal.screen).toMatch(/CANCELED \[other 2\/2\]/);
    const asked = terminal.screen.length;
    terminal.type(
      'echo "$(pwd) $(cat done) $KEPT $(cat /run/secrets/word) $(ls /held /context | xargs)"; tty\r',
    );
    await terminal.shows('/work half variable sesame /context: Dockerfile /held: other\r\n/dev/pts/0', asked);
    terminal.type('exit 3\r');
    expect(await terminal.exit()).toBe(1);
    expect(await terminal.mode()).toBe('cooked');
    expect(filesWith('sesame')).toEqual([]);
    expect(leftovers(store)).toEqual([]);
  });

  it('is refused where nobody types, before anything is done', async () => {
    const { code, stderr } = await build(context('FROM BASE\nRUN false\n'), '--shell-on-fail');
    expect([code, stderr]).toEqual([125, expect.stringContaining('needs a terminal for its input')]);
    expect(stderr).not.toContain('#1');
  });
});

describe('builder', () => {
  it('says what its cache takes, and removes it', async () => {
    await built(context('FROM BASE\nRUN head -c 3000000 /dev/zero > /big\n'), '-t', 'big');
    await built(context('FROM BASE\nRUN head -c 2000000 /dev/zero > /lost\n'));
    await store.ok(['image', 'prune', '-f']);
    const usage = await store.ok(['builder', 'du', '--format', '{{.Description}}|{{.Size}}|{{.Shared}}']);
    const lines = usage.split('\n');
    expect(lines.find((line) => line.includes('/lost'))).toMatch(/\|2(\.\d+)?MB\|false$/);
    expect(lines.find((line) => line.includes('/big'))).toMatch(/\|3(\.\d+)?MB\|true$/);
    const { Bytes } = JSON.parse(await store.ok(['system', 'df', '-v', '--format', 'json']));
    expect(Bytes.BuildCache).toBeGreaterThan(2_000_000);
    expect(JSON.parse(await store.ok(['system', 'check', '--format', 'json']))).toMatchObject({
      isTrue: true,
    });
    const pruned = await store.ok(['builder', 'prune', '-f']);
    expect(pruned).toMatch(
      /^Deleted build cache objects:\n(sha256:[0-9a-f]{64}\n)+\nTotal reclaimed space: \d+(\.\d+)?MB$/,
    );
    expect(await store.ok(['builder', 'du', '--format', '{{.Shared}}'])).not.toContain('false');
    expect(namesIn(join(store.root, 'cache'))).toEqual([]);
    expect(await store.ok(['run', '--rm', 'big', 'wc', '-c', '/big'])).toBe('3000000 /big');
    await store.ok(['builder', 'prune', '-af']);
    expect(await store.ok(['builder', 'du', '--format', '{{.ID}}'])).toBe('');
    expect(await store.ok(['run', '--rm', 'big', 'true'])).toBe('');
  });
});
