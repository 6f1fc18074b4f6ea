import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { RegistryClient } from '../../../src/registry/client.ts';
import type { CredentialSource } from '../../../src/registry/credential.ts';
import type { Mirror, RegistryTable } from '../../../src/registry/registries-conf.ts';
import { type RegistryOptions, RegistryRequests } from '../../../src/registry/requests.ts';
import { Routes } from '../../../src/registry/routes.ts';
import { RegistryUploads } from '../../../src/registry/upload.ts';
import {
  type Fault,
  faults,
  type HostileRegistry,
  startHostileRegistry,
} from '../../helpers/hostile-registry.ts';
import { sha256 } from '../../helpers/oci-layout.ts';

const TYPE = 'application/vnd.oci.image.manifest.v1+json';
const MANIFEST = { type: TYPE, body: JSON.stringify({ schemaVersion: 2, mediaType: TYPE, layers: [] }) };

let first: HostileRegistry;
let second: HostileRegistry;
let registry: HostileRegistry;
let warnings: EngineError[];

beforeEach(async () => {
  [first, second, registry] = await Promise.all([
    startHostileRegistry(),
    startHostileRegistry(),
    startHostileRegistry(),
  ]);
  warnings = [];
});

afterEach(() => Promise.all([first, second, registry].map((one) => one.stop())));

interface Setting extends Partial<RegistryTable> {
  credentials?: CredentialSource;
  hub?: URL[];
}

/** Makes the requests of a machine on which `registry` has the two mirrors, the first one's images below `cache/`. */
function requests({ credentials, hub = [], ...setting }: Setting = {}): RegistryRequests {
  const table: RegistryTable = {
    prefix: registry.host,
    location: undefined,
    insecure: false,
    blocked: false,
    mirrors: [mirror(`${first.host}/cache`), mirror(second.host)],
    file: '/registries.conf',
    ...setting,
  };
  const options: RegistryOptions = {
    insecure: [],
    routes: new Routes({ tables: [table], daemon: { mirrors: hub, insecure: [] } }),
    warn: (problem) => void warnings.push(problem),
    credentials,
    userAgent: 'skiff-test',
    certificateDirectories: [],
    retry: { attempts: 3, firstPause: 1, longestPause: 2_000 },
    timeouts: { answer: 5_000, idle: 5_000 },
  };
  return new RegistryRequests(options);
}

function client(setting?: Setting): RegistryClient {
  return new RegistryClient(requests(setting));
}

function mirror(location: string, rest: Partial<Mirror> = {}): Mirror {
  return { location, insecure: false, use: 'all', ...rest };
}

function app(): { domain: string; path: string } {
  return { domain: registry.host, path: 'app' };
}

/** Gives the image to all. */
function addEverywhere(): string {
  first.addManifest('cache/app', 'v1', MANIFEST);
  second.addManifest('app', 'v1', MANIFEST);
  return registry.addManifest('app', 'v1', MANIFEST);
}

function asked(of: HostileRegistry): string[] {
  return of.requests
    .filter((request) => request !== 'GET /v2/')
    .map((request) => request.replace(/:[0-9a-f]{64}/, ''));
}

const BAD: [string, Fault, string | undefined][] = [
  ['has not got it', faults.status(404), undefined],
  ['wants a login', faults.status(401), 'does not let you read'],
  ['denies it', faults.status(403), 'denied access'],
  ['is broken', faults.status(500), 'answered status 500'],
  ['allows no more', faults.status(429, { 'retry-after': '3600' }), 'allows no more requests'],
  ['cuts the connection', faults.reset(), 'broke off the connection'],
  ['is no registry', faults.html(), 'sent something that is not JSON'],
  ['has something else', faults.corrupt(), 'sent something that is not JSON'],
  ['is sent astray', faults.redirect('file:///etc/passwd'), 'bad redirect'],
];

describe('a manifest', () => {
  test('comes from the first mirror, by the name that it has there, and nobody else is asked', async () => {
    const digest = addEverywhere();
    expect(await client().manifest(app(), 'v1')).toMatchObject({ digest });
    expect(asked(first)).toEqual(['GET /v2/cache/app/manifests/v1']);
    expect([...second.requests, ...registry.requests]).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test.each(BAD)('comes from the next mirror when one %s', async (_, fault, reason) => {
    const digest = addEverywhere();
    first.misbehave(/manifests/, fault);
    expect(await client().manifest(app(), 'v1')).toMatchObject({ digest });
    expect(asked(second)).toEqual(['GET /v2/app/manifests/v1']);
    expect(registry.requests).toEqual([]);
    expect(warnings).toHaveLength(reason === undefined ? 0 : 1);
    if (reason === undefined) return;
    expect(warnings[0]?.message).toContain(`mirror ${first.host} of ${registry.host} was passed over: `);
    expect(warnings[0]?.message).toContain(reason);
  });

  test('comes from the registry itself when nobody is where the mirrors should be', async () => {
    const digest = addEverywhere();
    const mirrors = [mirror('127.0.0.1:1'), mirror('registry.invalid')];
    expect(await client({ mirrors }).manifest(app(), 'v1')).toMatchObject({ digest });
    expect(warnings.map(({ message }) => message)).toEqual([
      `mirror 127.0.0.1:1 of ${registry.host} was passed over: connection to registry 127.0.0.1:1 was refused`,
      `mirror registry.invalid of ${registry.host} was passed over: cannot find registry host registry.invalid`,
    ]);
  });

  test('fails as it does at the registry itself when all fail, and each mirror is told', async () => {
    first.misbehave(/manifests/, faults.status(503));
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({
      kind: 'notFound',
      message: `image ${registry.host}/app:v1 not found in registry ${registry.host}`,
    });
    expect(warnings.map(({ kind }) => kind)).toEqual(['unavailable', 'notFound']);
    expect(warnings[1]?.message).toContain(`mirror ${second.host} of ${registry.host} was passed over`);
    // A mirror is given one more chance, not as many as the registry.
    expect(asked(first)).toHaveLength(2);
  });

  test('that is asked for by digest is that one, whatever a mirror has under it', async () => {
    const digest = addEverywhere();
    first.misbehave(/manifests/, (_request, response) => {
      response.writeHead(200, { 'content-type': TYPE });
      response.end(
        JSON.stringify({ schemaVersion: 2, mediaType: TYPE, layers: [], annotations: { x: 'y' } }),
      );
    });
    expect(await client().manifest(app(), digest)).toMatchObject({ digest });
    expect(asked(second)).toEqual(['GET /v2/app/manifests/sha256']);
    expect(warnings[0]?.message).toContain(`instead of ${digest}`);
  });

  test('is looked for where the one before was found, without another question to those that failed', async () => {
    const digest = addEverywhere();
    first.misbehave(/manifests/, faults.status(503));
    const reader = client();
    await reader.manifest(app(), 'v1');
    const before = asked(first).length;
    await reader.manifest(app(), digest);
    expect(asked(first)).toHaveLength(before);
    expect(asked(second)).toEqual(['GET /v2/app/manifests/v1', 'GET /v2/app/manifests/sha256']);
    expect(warnings).toHaveLength(1);
  });

  test('by tag is no question to a mirror for digests', async () => {
    addEverywhere();
    const mirrors = [mirror(`${first.host}/cache`, { use: 'digest-only' })];
    await client({ mirrors }).manifest(app(), 'v1');
    expect(first.requests).toEqual([]);
    expect(asked(registry)).toEqual(['GET /v2/app/manifests/v1']);
  });

  test('is asked for in another place when its names lead there, and not where they do not', async () => {
    const digest = first.addManifest('cache/app', 'v1', MANIFEST);
    const reader = client({ location: `${first.host}/cache`, mirrors: [] });
    expect(await reader.manifest(app(), 'v1')).toMatchObject({ digest });
    await expect(reader.manifest(app(), 'v2')).rejects.toThrow(`${first.host}/cache/app:v2 not found`);
    expect(registry.requests).toEqual([]);
  });

  test('that is blocked is asked for nowhere', async () => {
    await expect(client({ blocked: true }).manifest(app(), 'v1')).rejects.toMatchObject({ kind: 'denied' });
    expect([first, second, registry].flatMap((one) => one.requests)).toEqual([]);
  });

  test('of docker.io comes from a mirror of Docker’s, at the path of its address', async () => {
    const digest = first.addManifest('library/app', 'v1', MANIFEST);
    first.misbehave(/^\/below\//, (request, response) => {
      response.writeHead(307, { location: (request.url ?? '').replace('/below', '') });
      response.end();
    });
    const hub = [new URL(`http://${first.host}/below/`)];
    const found = await client({ hub }).manifest({ domain: 'docker.io', path: 'library/app' }, 'v1');
    expect(found).toMatchObject({ digest });
    expect(first.requests).toEqual([
      'GET /below/v2/library/app/manifests/v1',
      'GET /v2/library/app/manifests/v1',
    ]);
  });

  test('cancelled at a mirror is not asked for elsewhere', async () => {
    addEverywhere();
    const controller = new AbortController();
    first.misbehave(/manifests/, () => controller.abort());
    const { signal } = controller;
    await expect(client().manifest(app(), 'v1', { signal })).rejects.toMatchObject({ kind: 'cancelled' });
    expect([...second.requests, ...registry.requests]).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

describe('a blob', () => {
  const bytes = randomBytes(300_000);
  let descriptor: Descriptor;

  beforeEach(() => {
    for (const one of [first, second, registry]) descriptor = one.addBlob(bytes) as Descriptor;
  });

  test('comes from where its manifest came from', async () => {
    second.addManifest('app', 'v1', MANIFEST);
    const reader = client();
    await reader.manifest(app(), 'v1');
    expect(sha256(await buffer(reader.blob(app(), descriptor)))).toBe(descriptor.digest);
    expect(asked(first)).toEqual(['GET /v2/cache/app/manifests/v1']);
    expect(asked(second)).toEqual(['GET /v2/app/manifests/v1', 'GET /v2/app/blobs/sha256']);
    expect(registry.requests).toEqual([]);
  });

  test.each(BAD.filter(([what]) => !/no registry|something else/.test(what)))(
    'comes from another place when the one of its manifest %s',
    async (_, fault, reason) => {
      addEverywhere();
      const reader = client();
      await reader.manifest(app(), 'v1');
      first.misbehave(/blobs/, fault);
      expect(sha256(await buffer(reader.blob(app(), descriptor)))).toBe(descriptor.digest);
      expect(asked(second)).toEqual(['GET /v2/app/blobs/sha256']);
      expect(warnings).toHaveLength(reason === undefined ? 0 : 1);
    },
  );

  test('that breaks off at a mirror for good goes on where it broke, elsewhere', async () => {
    first.misbehave(/blobs/, faults.breakAfter(100_000), 1);
    first.misbehave(/blobs/, faults.breakAfter(0));
    expect(sha256(await buffer(client().blob(app(), descriptor)))).toBe(descriptor.digest);
    expect(second.ranges.filter((range) => range !== undefined)).toEqual(['bytes=100000-']);
    expect(registry.requests).toEqual([]);
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('breaks off after 100000 of 300000 bytes'),
    ]);
  });

  test('of a mirror that has a longer one under its digest comes from elsewhere', async () => {
    first.misbehave(/blobs/, (_request, response) => {
      response.writeHead(200);
      response.end(Buffer.concat([bytes, bytes]));
    });
    expect(sha256(await buffer(client().blob(app(), descriptor)))).toBe(descriptor.digest);
    expect(warnings[0]?.message).toContain('is longer than the 300000 bytes');
  });

  const damage = new EngineError('invalid', 'it is not what it should be');
  const read = async (reader: RegistryClient) => sha256(await buffer(reader.blob(app(), descriptor)));

  test('that is refused comes from the next place, from its beginning, and the place that sent it is told', async () => {
    first.misbehave(/blobs/, faults.corrupt());
    const reader = client();
    expect(await read(reader)).not.toBe(descriptor.digest);
    expect(reader.refuse(app(), descriptor, damage)).toBe(true);
    expect(await read(reader)).toBe(descriptor.digest);
    expect([asked(second), asked(registry)]).toEqual([['GET /v2/app/blobs/sha256'], []]);
    expect(second.ranges.filter((range) => range !== undefined)).toEqual([]);
    expect(warnings.map(({ message }) => message)).toEqual([
      `mirror ${first.host} of ${registry.host} was passed over: it is not what it should be`,
    ]);
  });

  test('that is refused although only its rest came from a place is read there once more, whole', async () => {
    first.misbehave(/blobs/, (request, response) => {
      response.writeHead(200, { 'content-length': 300_000 });
      response.write(Buffer.alloc(100_000), () => request.socket.end());
    });
    const reader = client();
    expect(await read(reader)).not.toBe(descriptor.digest);
    expect(reader.refuse(app(), descriptor, damage)).toBe(true);
    expect(await read(reader)).toBe(descriptor.digest);
    expect(asked(second)).toHaveLength(2);
    expect(registry.requests).toEqual([]);
  });

  test('that is refused wherever it comes from is asked for once in each place, and each mirror is told', async () => {
    const reader = client();
    for (const isLeft of [true, true, false]) {
      await read(reader);
      expect(reader.refuse(app(), descriptor, damage)).toBe(isLeft);
    }
    expect([first, second, registry].map((one) => asked(one).length)).toEqual([1, 1, 1]);
    expect(warnings).toHaveLength(2);
    // Whoever asks again later is not held to that.
    expect(await read(reader)).toBe(descriptor.digest);
  });

  test('fails as it does at the registry itself when all fail', async () => {
    for (const one of [first, second]) one.misbehave(/blobs/, faults.status(404));
    registry.misbehave(/blobs/, faults.status(403));
    await expect(buffer(client().blob(app(), descriptor))).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringContaining(`registry ${registry.host} denied access`),
    });
    expect(warnings.map(({ kind }) => kind)).toEqual(['notFound', 'notFound']);
  });
});

describe('credentials', () => {
  test('are those of the place that is asked, and reach no other', async () => {
    addEverywhere();
    first.misbehave(/manifests/, faults.status(404));
    const passwords = new Map([
      [second.host, 'of the mirror'],
      [registry.host, 'of the registry'],
    ]);
    second.guard({ scheme: 'basic', username: 'ada', password: 'wrong' });
    registry.guard({ scheme: 'bearer', username: 'ada', password: 'of the registry' });
    const sought: string[] = [];
    const credentials: CredentialSource = {
      async find({ domain, path }) {
        sought.push(`${domain}/${path}`);
        const password = passwords.get(domain);
        return password === undefined ? undefined : { username: 'ada', password };
      },
    };
    await client({ credentials }).manifest(app(), 'v1');
    const sent = (of: HostileRegistry): (string | undefined)[] =>
      of.authorizations
        .filter((header) => header?.startsWith('Basic '))
        .map((header) => Buffer.from(header?.slice(6) ?? '', 'base64').toString());
    expect(sent(first)).toEqual([]);
    expect(new Set(sent(second))).toEqual(new Set(['ada:of the mirror']));
    expect(new Set(sent(registry))).toEqual(new Set(['ada:of the registry']));
    expect(new Set(sought)).toEqual(new Set([`${second.host}/app`, `${registry.host}/app`]));
  });
});

describe('an insecure mirror', () => {
  // The kernel connects this address to loopback, and no rule knows it as such.
  const elsewhere = (of: HostileRegistry): string => `0.0.0.0:${of.host.split(':')[1]}`;

  test('may do without TLS, and no other may', async () => {
    second.addManifest('app', 'v1', MANIFEST);
    first.addManifest('app', 'v1', MANIFEST);
    const mirrors = [mirror(elsewhere(first)), mirror(elsewhere(second), { insecure: true })];
    await client({ mirrors }).manifest(app(), 'v1');
    expect(first.requests).toEqual([]);
    expect(asked(second)).toEqual(['GET /v2/app/manifests/v1']);
    expect(warnings[0]?.message).toContain(`registry ${elsewhere(first)} does not speak HTTPS`);
  });

  test('is so for what is asked of it as a mirror alone', async () => {
    first.addManifest('app', 'v1', MANIFEST);
    const reader = client({ mirrors: [mirror(elsewhere(first), { insecure: true })] });
    await reader.manifest(app(), 'v1');
    const itself = { domain: elsewhere(first), path: 'app' };
    await expect(reader.manifest(itself, 'v1')).rejects.toThrow('does not speak HTTPS');
  });
});

describe('an upload', () => {
  const document = { bytes: Buffer.from(MANIFEST.body), mediaType: TYPE };

  test('goes to the registry that the name says', async () => {
    const digest = addEverywhere() as Digest;
    registry.misbehave(/manifests/, faults.status(201));
    const uploads = new RegistryUploads(requests({ location: `${first.host}/cache` }));
    await uploads.manifest(app(), 'v1', { ...document, digest });
    expect(asked(registry)).toEqual(['PUT /v2/app/manifests/v1']);
    expect([...first.requests, ...second.requests]).toEqual([]);
  });

  test('to what is blocked is refused', async () => {
    const digest = addEverywhere() as Digest;
    const uploads = new RegistryUploads(requests({ blocked: true }));
    await expect(uploads.manifest(app(), 'v1', { ...document, digest })).rejects.toMatchObject({
      kind: 'denied',
    });
    await expect(requests({ blocked: true }).login(registry.host, 'ada')).rejects.toMatchObject({
      kind: 'denied',
    });
    expect(registry.requests).toEqual([]);
  });
});
