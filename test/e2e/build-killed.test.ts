import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { containerOfCgroup } from '../../src/runtime/cgroup/paths.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { LONG } from '../helpers/long.ts';
import { cgroups, leftovers, namesIn, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none', SOURCE_DATE_EPOCH: '1700000000' } }));
const busybox = useBusybox(store);

const context = mkdtempSync(join(tmpdir(), 'skiff-build-killed-'));
afterAll(() => rmSync(context, { recursive: true, force: true }));

const MOMENTS = LONG ? 100 : 6;

/** Everything that a build can be at: copying, running with mounts, two stages side by side, making layers and the image. */
const DOCKERFILE = `FROM ${busybox} AS one
COPY files /files
RUN --mount=type=cache,target=/kept cp -r /files /made; echo >> /kept/log
RUN cat /made/* | sha1sum > /sum
FROM ${busybox} AS other
RUN --mount=type=bind,source=files,target=/seen --mount=type=tmpfs,target=/mem cp /seen/* /mem; ls /mem > /list
RUN --mount=type=secret,id=word sha1sum < /run/secrets/word > /word
FROM ${busybox}
WORKDIR /out
COPY --from=one /sum .
COPY --from=other /list /word ./
CMD cat sum word
`;

const BUILD = ['build', '-q', '--network', 'none', '--secret', 'id=word,env=WORD', '-t', 'made', context];
const env = { WORD: 'what nobody else may see' };

const build = () => store.ok(BUILD, { env });

/** Nothing is made of what was made before. */
async function clear(): Promise<void> {
  await store.skiff(['rmi', '-f', 'made']);
  await store.ok(['builder', 'prune', '-af']);
}

/** Steps have no events, so that their cgroups are known by their directories: `ids` are those seen so far. */
function traces(ids: ReadonlySet<string>): string[] {
  const left = cgroups().filter((cgroup) => ids.has(containerOfCgroup(basename(cgroup)) ?? ''));
  return [...leftovers(store), ...left];
}

/** Files of the store and of its runtime directory, and command lines of processes, that have a text in them. */
function placesOf(text: string): string[] {
  const lines = namesIn('/proc').map((name) => `/proc/${name}/cmdline`);
  const words = ['-rlsaF', '-D', 'skip', '-f', '-', store.root, store.runRoot, ...lines];
  // On its standard input: its own command line does not have it.
  return spawnSync('grep', words, { encoding: 'utf8', input: text }).stdout.split('\n').filter(Boolean);
}

describe('SIGKILL at any moment of a build', () => {
  it('leaves a store that is true, and the same build makes the same image and takes away what was left', {
    timeout: (MOMENTS + 20) * 6000,
  }, async () => {
    mkdirSync(join(context, 'files'));
    for (let number = 0; number < 50; number++)
      writeFileSync(join(context, `files/${number}`), `${number}\n`);
    writeFileSync(join(context, 'Dockerfile'), DOCKERFILE);
    const wanted = await build();
    await clear();
    const begun = performance.now();
    expect(await build()).toBe(wanted);
    const usual = performance.now() - begun;

    const ids = new Set<string>();
    let hits = 0;
    for (let moment = 0; moment < MOMENTS; moment++) {
      await clear();
      const child = store.start(BUILD, { env });
      let hasEnded = false;
      void child.finally(() => {
        hasEnded = true;
      });
      const steps = () => namesIn(join(store.root, 'containers'));
      // The first strikes a step. The others do not wait for something: each strikes a little later.
      if (moment === 0) await until(() => hasEnded || steps().length > 0);
      else await new Promise((resume) => setTimeout(resume, (moment / MOMENTS) * usual * 1.1));
      child.kill('SIGKILL');
      for (const id of steps()) ids.add(id);
      if ((await child).signal === 'SIGKILL') hits += 1;
      expect(placesOf(env.WORD)).toEqual([]);
      const { isTrue } = JSON.parse(
        (await store.skiff(['system', 'check', '--deep', '--format', 'json'])).stdout,
      );
      expect([isTrue, await build(), traces(ids)]).toEqual([true, wanted, []]);
      expect(await store.ok(['ps', '-aq'])).toBe('');
    }
    expect(hits).toBeGreaterThan(0);
    expect(ids.size).toBeGreaterThan(0);
    expect(await store.ok(['run', '--rm', 'made', 'wc', '-l', 'list', 'sum', 'word'])).toContain('50 list');
    expect(JSON.parse(await store.ok(['system', 'check', '--deep', '--format', 'json']))).toMatchObject({
      isTrue: true,
    });
  });
});
