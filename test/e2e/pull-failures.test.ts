import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CertificateOptions, createCertificate, type TestCertificate } from '../helpers/certificates.ts';
import { faults, type HostileRegistry, startHostileRegistry } from '../helpers/hostile-registry.ts';
import { type HttpProxy, startHttpProxy } from '../helpers/http-proxy.ts';
import { sha256 } from '../helpers/oci-layout.ts';
import { type RunOptions, useStore } from '../helpers/skiff.ts';
import { tar } from '../helpers/tar.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const layer = tar({ name: 'file', content: randomBytes(300_000) });
const blob = gzipSync(layer);

/** What servers want of a TLS connection. */
const ASKING: ServerOptions = { requestCert: true, rejectUnauthorized: true };
const OUTDATED: ServerOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
const CAMELLIA = 'ECDHE-ECDSA-CAMELLIA128-SHA256';

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
function addImage(name: string, diffID = sha256(layer), to = registry): void {
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [diffID] },
  };
  const described = { ...to.addBlob(Buffer.from(JSON.stringify(config))), mediaType: CONFIG };
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: described,
    layers: [to.addBlob(blob)],
  };
  to.addManifest(name, 'latest', { type: MANIFEST, body: JSON.stringify(manifest) });
}

function names(...path: string[]): string[] {
  const directory = join(store.root, ...path);
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** What a failed pull says. It must leave neither an image nor anything half done. */
async function failure(image = reference, options?: RunOptions): Promise<string> {
  const { code, stderr } = await store.skiff(['pull', image], options);
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

describe('a registry behind TLS', () => {
  let directory: string;
  let good: TestCertificate;
  const started: HostileRegistry[] = [];

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'pull-test-'));
    good = createCertificate(join(directory, 'good'));
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  afterEach(async () => {
    await Promise.all(started.splice(0).map((one) => one.stop()));
  });

  /** Its domain leads to loopback, but is not known as such. */
  async function start({ key, certificate }: TestCertificate, options: ServerOptions = {}): Promise<string> {
    const tls = { key: readFileSync(key), cert: readFileSync(certificate), ...options };
    const secure = await startHostileRegistry(tls);
    started.push(secure);
    addImage('image', undefined, secure);
    return `0.0.0.0:${secure.host.split(':')[1]}`;
  }

  it('needs no trust on loopback, where it is named insecure, or where SSL_CERT_FILE or SSL_CERT_DIR give it', async () => {
    const domain = await start(good);
    const authorities = mkdtempSync(join(directory, 'authorities-'));
    writeFileSync(join(authorities, 'ours'), readFileSync(good.authority));
    const ways: [string, string[], RunOptions][] = [
      [domain.replace('0.0.0.0', '127.0.0.1'), [], {}],
      [domain, ['--insecure-registry', domain], {}],
      [domain, [], { env: { SSL_CERT_FILE: good.authority } }],
      [domain, [], { env: { SSL_CERT_DIR: `/nonexistent:${authorities}` } }],
    ];
    for (const env of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }])
      expect(await failure(`${domain}/image`, { env })).toContain(
        `certificate of registry ${domain} is not trusted: `,
      );
    for (const [host, args, options] of ways) {
      await store.ok([...args, 'pull', `${host}/image`], options);
      await store.ok(['rmi', `${host}/image`]);
    }
  });

  it.each([
    ['an old certificate', { validity: ['20200101000000Z', '20200201000000Z'] }, {}, 'has expired'],
    [
      'a certificate of the future',
      { validity: ['20990101000000Z', '20990201000000Z'] },
      {},
      'is not valid yet',
    ],
    ['the certificate of another host', { names: 'DNS:other.example' }, {}, 'was issued for another name'],
    [
      'a question for ours in TLS 1.2',
      {},
      { ...ASKING, maxVersion: 'TLSv1.2' },
      'wants a client certificate',
    ],
    [
      'a question for ours in TLS 1.3',
      {},
      { ...ASKING, minVersion: 'TLSv1.3' },
      'wants a client certificate',
    ],
    ['TLS of the past', {}, OUTDATED, 'offers no version of TLS that is accepted here'],
    ['another cipher', {}, { maxVersion: 'TLSv1.2', ciphers: CAMELLIA }, 'failed: handshake failure'],
  ] as [string, CertificateOptions, ServerOptions, string][])(
    'with %s is refused in words of its own',
    async (what, options, server, message) => {
      const certificate = createCertificate(join(directory, what.replaceAll(' ', '-')), options);
      const domain = await start(certificate, { ...server, ca: readFileSync(certificate.authority) });
      const said = await failure(`${domain}/image`, { env: { SSL_CERT_FILE: certificate.authority } });
      expect(said).toContain(`registry ${domain} ${message}\n`);
    },
  );
});

describe('a registry behind a proxy', () => {
  let proxy: HttpProxy;

  beforeEach(async () => {
    proxy = await startHttpProxy(registry.host);
  });

  afterEach(() => proxy.stop());

  const name = 'registry.invalid:80';
  const insecure = ['--insecure-registry', name];

  it('is reached through HTTP_PROXY alone when it speaks plain HTTP', async () => {
    const env = { HTTP_PROXY: proxy.url };
    await store.ok([...insecure, 'pull', `${name}/image`], { env });
    await store.ok(['rmi', `${name}/image`]);
    expect(proxy.requests[0]).toBe('GET http://registry.invalid/v2/image/manifests/latest');
  });

  it.each([
    [{ NO_PROXY: '.registry.invalid, invalid.invalid', no_proxy: '*' }, true],
    [{ NO_PROXY: 'other,*.invalid' }, false],
    [{ no_proxy: 'registry.invalid:80' }, false],
  ])('is reached through it as %j says, by the rules of Go', async (exempt, proxied) => {
    const env = { HTTP_PROXY: proxy.url, ...exempt };
    const { code } = await store.skiff([...insecure, 'pull', `${name}/image`], { env });
    expect({ code, proxied: proxy.requests.length > 0 }).toEqual({ code: proxied ? 0 : 125, proxied });
    if (proxied) await store.ok(['rmi', `${name}/image`]);
  });

  it('is reached without it on loopback, whatever the variables say', async () => {
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((word) => [word, word.toLowerCase()]);
    const env = Object.fromEntries(names.map((word) => [word, proxy.url]));
    await store.ok(['pull', reference], { env });
    await store.ok(['rmi', reference]);
    expect(proxy.requests).toEqual([]);
  });

  it('whose proxy does not let us through says so', async () => {
    const said = await failure('registry.invalid/image', { env: { HTTPS_PROXY: proxy.url } });
    expect(said).toContain(
      `proxy ${new URL(proxy.url).host} does not connect to registry registry.invalid: `,
    );
  });

  it('is not reached through ALL_PROXY, as with Docker', async () => {
    const said = await store.skiff([...insecure, 'pull', `${name}/image`], { env: { ALL_PROXY: proxy.url } });
    expect(said).toMatchObject({ code: 125, stderr: expect.stringContaining('cannot find registry host') });
    expect(proxy.requests).toEqual([]);
  });
});

describe('credentials that cannot be used', () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'pull-test-'));
  });

  afterEach(() => {
    rmSync(home, { recursive: true });
    registry.guard({ scheme: 'bearer', anonymous: true });
  });

  it.each([
    ['a broken file', '{"auths":', /credentials file \S+config.json is not a JSON object/],
    ['a missing helper', '{"credsStore":"absent"}', /cannot run docker-credential-absent/],
  ])('(%s) keep nobody from a public image', async (_what, config, message) => {
    registry.guard({ scheme: 'bearer', anonymous: true });
    writeFileSync(join(home, 'config.json'), config);
    const { code, stderr } = await store.skiff(['pull', '-q', reference], { env: { DOCKER_CONFIG: home } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^skiff: warning: /) });
    expect(stderr).toMatch(message);
    await store.ok(['rmi', reference]);
  });

  it('are those of the longest namespace that the image lies in', async () => {
    const auth = (name: string) => ({ auth: Buffer.from(`${name}:pw`).toString('base64') });
    const auths = { [`${registry.host}/other`]: auth('other'), [`${registry.host}/team`]: auth('team') };
    const file = join(home, 'auth.json');
    writeFileSync(file, JSON.stringify({ auths: { ...auths, [registry.host]: auth('all') } }));
    registry.guard({ scheme: 'basic', username: 'team', password: 'pw' });
    addImage('team/app');
    await store.ok(['pull', `${registry.host}/team/app`], { env: { REGISTRY_AUTH_FILE: file } });
    await store.ok(['rmi', `${registry.host}/team/app`]);
    await failure(reference, { env: { REGISTRY_AUTH_FILE: file } });
    expect(registry.authorizations.at(-1)).toBe(`Basic ${auth('all').auth}`);
  });
});

describe('a blob that was begun', () => {
  it.each([
    ['knows no ranges', () => faults.unsatisfiable()],
    ['sends a later part', () => faults.part(1000, 7)],
    ['sends everything again', () => faults.whole()],
    ['sends less than the rest', () => faults.part(100_000)],
  ])('is unpacked once although the registry %s', async (_what, fault) => {
    const path = new RegExp(`/blobs/${sha256(blob)}`);
    registry.misbehave(path, faults.breakAfter(150_000), 1);
    registry.misbehave(path, fault());
    await store.ok(['pull', reference]);
    await store.ok(['rmi', reference]);
  });
});
