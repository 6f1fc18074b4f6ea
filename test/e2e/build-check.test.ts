import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ExplainedBuild } from '../../src/engine/explain/explained-build.ts';
import { storePaths } from '../../src/host/paths.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));

const busybox = useBusybox(store);

const place = mkdtempSync(join(tmpdir(), 'skiff-build-check-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** A context with this Dockerfile, in which BASE stands for the base image. */
function context(dockerfile: string): string {
  const directory = mkdtempSync(join(place, 'context-'));
  writeFileSync(join(directory, 'Dockerfile'), dockerfile.replaceAll('BASE', busybox));
  return directory;
}

const build = (directory: string, ...options: string[]) => store.skiff(['build', ...options, directory]);

/** What lies in the store, but for what SQLite has beside its file while somebody reads it. */
function inventory(): string[] {
  return readdirSync(store.root, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^state\.db-(shm|wal)$/.test(name))
    .map((name) => `${name} ${statSync(join(store.root, name), { throwIfNoEntry: false })?.size}`)
    .sort();
}

describe('build --check', () => {
  it('says what the file should not have and builds nothing; a build, here on the image of the program itself, says it at its end, or fails for it', async () => {
    const directory = context('FROM hello AS Bare\nCOPY Dockerfile /\nCMD run\n');
    const argument = (value: string) => ['--build-arg', `BUILDKIT_DOCKERFILE_CHECK=${value}`];
    const checked = await build(directory, '--check');
    expect(checked).toMatchObject({ code: 1, stderr: '' });
    expect(checked.stdout).toMatch(
      /^Check complete, 2 warnings have been found!\n\nWARNING: StageNameCasing - /,
    );
    const skipped = await build(directory, '--call=check,format=json', ...argument('skip=all'));
    expect(skipped).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(skipped.stdout).warnings).toEqual([]);
    expect((await build(directory, '--call=targets')).stdout).toBe(
      'TARGET         DESCRIPTION\nbare (default)\n',
    );
    const failed = await build(directory, ...argument('error=true;skip=StageNameCasing'));
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(' 1 warning found (use --debug to expand):\n - JSONArgsRecommended: ');
    expect(failed.stderr).toContain('skiff: lint violation found for rules: JSONArgsRecommended\n');
    expect((await store.ok(['images', '-q'])).split('\n')).toHaveLength(1);
    const built = await build(directory, '--progress', 'plain');
    expect(built.code).toBe(0);
    expect(built.stderr).toMatch(
      /\n 2 warnings found [^\n]*\n - StageNameCasing: [^\n]* \(line 1\)\n[^\n]* \(line 3\)\n$/,
    );
    expect((await build(directory, '-q')).stderr).toBe('');
  });
});

describe('build --explain', () => {
  const DOCKERFILE = `FROM BASE AS build
COPY a /a
RUN cat /a > /made
FROM BASE AS other
RUN false
FROM BASE
COPY --from=build /made /made
RUN --mount=type=secret,id=token,env=TOKEN --network=none true
`;
  const secret = { env: { TOKEN: 'never-to-be-seen' } };
  const words = ['build', '--network', 'none', '--secret', 'id=token,env=TOKEN'];
  const explain = async (directory: string, ...more: string[]): Promise<ExplainedBuild> => {
    const text = await store.ok([...more, ...words, '--explain=json', directory], secret);
    expect(text).not.toContain('never-to-be-seen');
    return JSON.parse(text);
  };
  const states = ({ stages }: ExplainedBuild) => stages.map(({ steps }) => steps.map(({ state }) => state));
  const reasons = ({ stages }: ExplainedBuild) => stages.map(({ steps }) => steps.map(({ why }) => why));

  it('says what comes from the cache and why the rest does not, and the build does that', async () => {
    const directory = context(DOCKERFILE);
    writeFileSync(join(directory, 'a'), '1');
    const before = inventory();
    const first = await explain(directory);
    expect(inventory()).toEqual(before);
    expect(states(first)).toEqual([['done', 'unknown'], [], ['unknown', 'unknown']]);
    expect(first.images).toEqual([{ name: busybox, state: 'here' }]);
    expect(first.stages[1]).toMatchObject({ name: 'other', isNeeded: false, neededBy: [] });
    expect(first.stages[2]?.steps[1]?.run).toEqual({
      network: 'none',
      security: 'sandbox',
      mounts: [{ type: 'secret', id: 'token', environment: 'TOKEN' }],
    });

    await store.ok([...words, '-q', directory], secret);
    expect(states(await explain(directory))).toEqual([['cached', 'cached'], [], ['cached', 'cached']]);

    writeFileSync(join(directory, 'a'), '2');
    const changed = await explain(directory);
    expect(reasons(changed)).toEqual([
      ['content changed', 'it depends on what this makes: [build 2/3] COPY a /a'],
      [],
      [
        'it takes files from what this makes: [build 2/3] COPY a /a',
        'it depends on what this makes: [stage-2 2/3] COPY --from=build /made /made',
      ],
    ]);
    const { stderr } = await store.skiff([...words, '--progress', 'plain', directory], secret);
    expect(stderr).toContain('not cached: content changed\n');
    const dated = { env: { ...secret.env, SOURCE_DATE_EPOCH: '1' } };
    expect(await store.ok([...words, '--explain', directory], dated)).toContain(
      'SOURCE_DATE_EPOCH changed\n',
    );
  });

  it('asks the registry for a base that is not here, of which steps may be known, and pulls nothing', async () => {
    const directory = context('FROM BASE\nENV A=$PATH\nRUN --network=none true\nCOPY --from=BASE /bin /b\n');
    const root = join(place, 'fresh');
    const explained = await explain(directory, '--root', root);
    expect([existsSync(root), existsSync(storePaths(root).run)]).toEqual([false, false]);
    expect(explained.images).toEqual([
      { name: busybox, state: 'pulled', pull: expect.objectContaining({ name: busybox }) },
    ]);
    expect(states(explained)).toEqual([['config', 'done', 'unknown']]);
    expect(explained.stages[0]?.steps[0]?.text).toContain('/bin');
  });
});
