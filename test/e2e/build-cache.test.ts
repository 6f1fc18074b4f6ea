import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Store, useStore } from '../helpers/skiff.ts';

const here = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const there = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(here);

const place = mkdtempSync(join(tmpdir(), 'skiff-caches-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const context = join(place, 'context');
mkdirSync(context);
const dockerfile = (registry: string) => `FROM ${registry}/tools:1 AS build
COPY main /
RUN cat main main > /out
FROM ${registry}/base:1
WORKDIR /app
COPY --from=build --chown=1 /out .
RUN cat out > copy && rm out
`;
writeFileSync(join(context, 'main'), 'one\n');
const directory = join(place, 'cache');

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  const [base, tools] = [`${registry.host}/base:1`, `${registry.host}/tools:1`];
  await here.ok(['tag', busybox, base]);
  await here.ok(['push', '-q', base]);
  writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nCOPY main /tool\n`);
  await here.ok(['build', '-q', '-t', tools, '--push', context]);
  writeFileSync(join(context, 'Dockerfile'), dockerfile(registry.host));
});
afterAll(() => registry.stop());

/** Builds, and returns its steps with whether they came from a cache, and the digest of the image. */
async function build({ skiff }: Store, ...options: string[]) {
  const metadata = join(place, 'metadata');
  const { stderr, code } = await skiff([
    ...['build', '--progress', 'plain', '--metadata-file', metadata, '-t', `${registry.host}/app:1`],
    ...[...options, context],
  ]);
  expect(code, stderr).toBe(0);
  const steps = [...stderr.matchAll(/^#(\d+) \[\S+ \d\/\d\] (RUN|COPY|WORKDIR) .*$/gm)].map(
    ([, number, word]) => `${word} ${stderr.includes(`\n#${number} CACHED\n`)}`,
  );
  const digest = JSON.parse(readFileSync(metadata, 'utf8'))['containerimage.digest'];
  return { stderr, steps: steps.sort(), digest };
}

/** Leaves the base alone in a store. */
async function emptied(store: Store): Promise<Store> {
  await store.skiff(['rmi', `${registry.host}/app:1`]);
  await store.ok(['builder', 'prune', '-af']);
  return store;
}

const ALL_CACHED = ['COPY true', 'COPY true', 'RUN true', 'RUN true', 'WORKDIR true'];

it('what is built in one store comes from its cache in another one, of a registry, a directory or the image', async () => {
  const cache = `${registry.host}/cache:1`;
  const first = await build(
    here,
    ...['--cache-to', `type=registry,ref=${cache},mode=max`],
    ...[
      '--cache-to',
      `type=local,dest=${directory},mode=max,compression=zstd`,
      '--cache-to',
      'type=inline',
      '--push',
    ],
  );
  expect(first.steps.some((step) => step.endsWith('true'))).toBe(false);
  expect(first.stderr).toMatch(/^#\d+ exporting cache to registry$/m);
  expect(first.stderr).toMatch(/^#\d+ exporting cache to client directory$/m);

  const explained = await there.ok(['build', '--explain=json', '--cache-from', cache, context]);
  const fates = JSON.parse(explained).stages.flatMap(({ steps }: { steps: object[] }) => steps);
  expect(fates).toMatchObject(Array(5).fill({ state: 'cached', from: cache }));
  const gzip = ['-o', 'type=image,compression=gzip'];
  const second = await build(there, '--cache-from', cache, '--cache-to', 'type=inline', ...gzip);
  expect(second.stderr).toContain(`importing cache manifest from ${cache}\n`);
  expect([second.steps, second.digest]).toEqual([ALL_CACHED, first.digest]);
  // Of the five layers those three are fetched that the image has; what the stage before has, and its base, nobody needs.
  const imported = second.stderr.slice(second.stderr.indexOf(` importing layers from ${cache}\n`));
  expect(imported.match(/^#\d+ sha256:\S+ done$/gm)).toHaveLength(3);
  const images = () => there.ok(['images', '--format', '{{.Repository}}']);
  expect((await images()).split('\n').sort()).toEqual(
    ['app', 'base'].map((name) => `${registry.host}/${name}`),
  );

  const third = await build(await emptied(there), '--cache-from', `type=local,src=${directory}`);
  expect(third.steps).toEqual(ALL_CACHED);
  const own = await build(await emptied(there), '--cache-from', `${registry.host}/app:1`);
  expect(own.steps).toEqual(['COPY false', 'COPY true', 'RUN false', 'RUN true', 'WORKDIR true']);
  expect(await images()).toContain(`${registry.host}/tools`);

  writeFileSync(join(context, 'main'), 'two\n');
  const changed = await build(await emptied(there), '--cache-from', cache);
  expect(changed.steps).toEqual(['COPY false', 'COPY false', 'RUN false', 'RUN false', 'WORKDIR true']);
  writeFileSync(join(context, 'main'), 'one\n');
});

it('a cache that is not there is told of, one with a blob that was changed fails the build, which is kept from a place that cannot be written', async () => {
  const gone = await build(here, '--cache-from', 'type=local,src=/nowhere', '--cache-from', '127.0.0.1:1/x');
  expect(gone.stderr).toContain('WARNING: cache /nowhere is not used: there is no such directory');
  expect(gone.stderr).toContain('WARNING: cache 127.0.0.1:1/x is not used: connection');
  const to = ['--cache-to', '127.0.0.1:1/x'];
  expect(await here.skiff(['build', '-t', 'kept', ...to, context])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the cache was not written to 127.0.0.1:1/x: connection'),
  });
  await here.ok(['rmi', 'kept']);
  const ignored = await build(here, '--cache-to', 'type=local,dest=/proc/nowhere,ignore-error=true');
  expect(ignored.stderr).toContain('WARNING: the cache was not written to /proc/nowhere: ');

  const blobs = join(directory, 'blobs/sha256');
  for (const name of readdirSync(blobs)) {
    const bytes = readFileSync(join(blobs, name));
    if (bytes.readUInt32BE() !== 0x28b52ffd) continue;
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(join(blobs, name), bytes);
  }
  const from = ['--cache-from', `type=local,src=${directory}`];
  const refused = await (await emptied(there)).skiff(['build', ...from, context]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`cache ${directory}: `) });
  expect(refused.stderr).toMatch(/blob sha256:\S+ arrived with digest sha256:/);
  expect(await there.ok(['builder', 'du', '--format', '{{.Description}}'])).toBe('');
});
