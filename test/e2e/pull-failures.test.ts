import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { faults, type HostileRegistry, startHostileRegistry } from '../helpers/hostile-registry.ts';
import { sha256 } from '../helpers/oci-layout.ts';
import { useStore } from '../helpers/skiff.ts';
import { tar } from '../helpers/tar.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const layer = tar({ name: 'file', content: randomBytes(300_000) });
const blob = gzipSync(layer);

const store = useStore();
let registry: HostileRegistry;
let reference: string;

beforeAll(async () => {
  registry = await startHostileRegistry();
  reference = `${registry.host}/image:latest`;
});

afterAll(() => registry.stop());

beforeEach(() => {
  registry.forgive();
  addImage('image');
});

/** An image of one layer; `diffID` is what its config says. */
function addImage(name: string, diffID = sha256(layer)): void {
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [diffID] },
  };
  const described = { ...registry.addBlob(Buffer.from(JSON.stringify(config))), mediaType: CONFIG };
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: described,
    layers: [registry.addBlob(blob)],
  };
  registry.addManifest(name, 'latest', { type: MANIFEST, body: JSON.stringify(manifest) });
}

function names(...path: string[]): string[] {
  const directory = join(store.root, ...path);
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** What a failed pull says. It must leave neither an image nor anything half done. */
async function failure(image = reference): Promise<string> {
  const { code, stderr } = await store.skiff(['pull', image]);
  expect(code, stderr).toBe(125);
  expect(stderr).toMatch(/^skiff: [^\n]+\n(hint: [^\n]+\n)?$/);
  expect(stderr).not.toContain('unexpected error');
  expect(await store.ok(['images', '-q'])).toBe('');
  expect([...names('tmp'), ...names('trash'), ...names('layers'), ...names('locks')]).toEqual([]);
  return stderr;
}

/** Whatever went wrong before: the next pull succeeds, and `rmi` takes everything away again. */
async function recovers(): Promise<void> {
  registry.forgive();
  await store.ok(['pull', reference]);
  await store.ok(['rmi', reference]);
  expect([...names('blobs', 'sha256'), ...names('layers')]).toEqual([]);
}

describe('a registry that cannot be trusted', () => {
  it.each([
    ['a blob with other content', () => faults.corrupt(), /sha256|digest/],
    ['a blob that ends early', () => faults.short(1000), /1000/],
    ['a blob that breaks off again and again', () => faults.breakAfter(0), /breaks off after 0 of \d+ bytes/],
    ['a blob that never ends', () => faults.endless(), /longer|more|larger|size|bytes|sha256|digest/],
  ])('%s is refused, and what was missing is fetched the next time', async (_what, fault, message) => {
    registry.misbehave(new RegExp(`/blobs/${sha256(blob)}`), fault());
    const said = await failure();
    expect(said).toMatch(message);
    await recovers();
  });

  it('a layer that is not what the config says is refused', async () => {
    addImage('liar', sha256(Buffer.from('something else')));
    expect(await failure(`${registry.host}/liar:latest`)).toMatch(/diffID|sha256/);
    await recovers();
  });

  it('a manifest that is a page for people is refused', async () => {
    registry.misbehave(/manifests/, faults.html());
    expect(await failure()).toMatch(/manifest|text\/html|JSON/);
    await recovers();
  });

  it('a manifest that is not JSON is refused', async () => {
    registry.addManifest('broken', 'latest', { type: MANIFEST, body: '{"schemaVersion":2,' });
    expect(await failure(`${registry.host}/broken:latest`)).toMatch(/not JSON/);
  });

  it('a manifest of another digest than was asked for is refused', async () => {
    const wanted = `${registry.host}/image@${sha256(Buffer.from('never pushed'))}`;
    registry.misbehave(/manifests/, (_request, response) => {
      response.writeHead(200, { 'content-type': MANIFEST });
      response.end('{"schemaVersion":2}');
    });
    expect(await failure(wanted)).toMatch(/sha256|digest/);
  });
});

describe('a registry that refuses', () => {
  it.each([
    [401, /unauthorized|log in|credentials|password/],
    [403, /denied|forbidden|403/],
    [404, /not found|no such|does not/],
    [500, /500/],
  ])('with status %i is quoted', async (status, message) => {
    registry.misbehave(/manifests/, faults.status(status));
    const said = await failure();
    expect(said).toMatch(message);
    expect(said).toContain(registry.host);
    await recovers();
  });

  it('only for a while is asked again', async () => {
    registry.misbehave(/manifests/, faults.status(503), 1);
    await recovers();
  });
});

describe('a pull that waits for a slow registry', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s at once and leaves nothing', async (signal) => {
    const asked = registry.next(/\/blobs\//);
    registry.misbehave(new RegExp(`/blobs/${sha256(blob)}`), faults.stall(1000));
    const pull = store.start(['pull', reference]);
    await asked;
    pull.kill(signal);
    const { exitCode, stderr } = await pull;
    expect(exitCode, stderr).toBe(130);
    expect(stderr).toMatch(/cancelled|interrupted/);
    expect([...names('tmp'), ...names('trash')]).toEqual([]);
    await recovers();
  });
});
