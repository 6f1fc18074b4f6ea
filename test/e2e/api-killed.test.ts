import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { faults, type HostileRegistry, startHostileRegistry } from '../helpers/hostile-registry.ts';
import { sha256 } from '../helpers/oci-layout.ts';
import { readAll, unframed, useService } from '../helpers/service.ts';
import { isRunning, useStore } from '../helpers/skiff.ts';
import { tar } from '../helpers/tar.ts';

const store = useStore();
const busybox = useBusybox(store);
const service = useService(store);
let registry: HostileRegistry;
beforeAll(async () => {
  registry = await startHostileRegistry();
});
afterAll(() => registry.stop());

const OCI = 'application/vnd.oci.image';

/** Adds an image of one layer, of which the registry keeps silent until it is forgiven. */
function addSilentImage(): string {
  const layer = tar({ name: 'file', content: 'of the registry' });
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
  };
  const blob = registry.addBlob(gzipSync(layer));
  const manifest = {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: { ...registry.addBlob(Buffer.from(JSON.stringify(config))), mediaType: `${OCI}.config.v1+json` },
    layers: [blob],
  };
  registry.addManifest('app', 'latest', { type: `${OCI}.manifest.v1+json`, body: JSON.stringify(manifest) });
  registry.misbehave(new RegExp(blob.digest), faults.silence());
  return blob.digest;
}

/** An answer that nobody waits for: it breaks off. */
const begun = (...request: Parameters<typeof service.request>) => service.request(...request).catch(() => {});

it('a service that is killed in the middle of attach, exec, pull and build leaves containers alone, and nothing of its own', async () => {
  const digest = addSilentImage();
  const body = {
    Image: busybox,
    Cmd: ['sh', '-c', 'while read line; do echo "heard $line"; done'],
    OpenStdin: true,
    StopTimeout: 0,
    HostConfig: { NetworkMode: 'none' },
  };
  const { Id: id } = await service.ok('POST', '/containers/create', { body });
  await service.ok('POST', `/containers/${id}/start`);
  const { State } = await service.ok('GET', `/containers/${id}/json`);
  const attached = await service.hijack(`/containers/${id}/attach?stream=1&stdout=1`);
  const asked = { Cmd: ['sleep', '1000'], AttachStdout: true };
  const exec = (await service.ok('POST', `/containers/${id}/exec`, { body: asked })).Id;
  const executing = await service.hijack(`/exec/${exec}/start`, { body: {} });
  const silent = registry.next(new RegExp(digest));
  void begun('POST', `/images/create?fromImage=${registry.host}/app&tag=latest`);
  const dockerfile = tar({ name: 'Dockerfile', content: `FROM ${busybox}\nRUN echo begun; sleep 1000\n` });
  const building = await service.open('POST', '/build?networkmode=none', {
    body: dockerfile,
    headers: { 'Content-Type': 'application/x-tar' },
  });
  const ended = [attached, executing, building].map((stream) => readAll(stream).catch(() => Buffer.alloc(0)));
  await silent;
  await service.restart();
  await Promise.all(ended);

  expect((await service.ok('GET', `/containers/${id}/json`)).State.Pid).toBe(State.Pid);
  expect(isRunning(State.Pid)).toBe(true);
  expect(await service.ok('GET', `/exec/${exec}/json`)).toMatchObject({ Running: true });
  registry.forgive();
  const pulled = await service.request('POST', `/images/create?fromImage=${registry.host}/app&tag=latest`);
  expect(pulled.text).toContain('Downloaded newer image');
  const again = tar({ name: 'Dockerfile', content: `FROM ${busybox}\nRUN echo done\n` });
  const built = await service.request('POST', '/build?networkmode=none', {
    body: again,
    headers: { 'Content-Type': 'application/x-tar' },
  });
  expect(built.text).toContain('Successfully built');
  const joined = await service.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
  joined.write('this\n');
  for await (const chunk of joined) {
    expect(unframed(chunk).stdout).toBe('heard this\n');
    break;
  }
  await service.ok('DELETE', `/containers/${id}?force=1`);
  await store.ok(['system', 'prune', '-f']);
  expect([...readdirSync(join(store.root, 'tmp')), ...readdirSync(join(store.root, 'containers'))]).toEqual(
    [],
  );
});

it('a container whose start was killed on the way can be started again, although the service goes on', async () => {
  const home = join(store.root, 'helper');
  const helper = join(home, readdirSync(home)[0] ?? '', 'skiff-helper');
  const aside = `${helper}.aside`;
  const body = { Image: busybox, Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } };
  const { Id: id } = await service.ok('POST', '/containers/create', { body });
  // Whose helper this is is looked at once.
  await service.ok('POST', `/containers/${id}/start`);
  await service.ok('POST', `/containers/${id}/stop?t=0`);
  renameSync(helper, aside);
  writeFileSync(helper, `#!/bin/sh\n[ "$1" = run ] && kill -9 $$\nexec ${aside} "$@"\n`, { mode: 0o755 });
  const start = () => service.request('POST', `/containers/${id}/start`);
  expect(await start()).toMatchObject({ status: 503, text: expect.stringContaining('was killed') });
  const streams = await service.hijack(`/containers/${id}/attach?stream=1&stdout=1`);
  expect((await start()).status).toBe(503);
  await readAll(streams);
  rmSync(helper);
  renameSync(aside, helper);
  await service.ok('POST', `/containers/${id}/start`);
  expect((await service.ok('GET', `/containers/${id}/json`)).State.Status).toBe('running');
  await service.ok('DELETE', `/containers/${id}?force=1`);
});
