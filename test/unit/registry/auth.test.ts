import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { Authorizer, type Door } from '../../../src/registry/auth.ts';
import { RegistryClient } from '../../../src/registry/client.ts';
import type { Credential } from '../../../src/registry/credential.ts';
import { HostPolicy } from '../../../src/registry/hosts.ts';
import { RegistryRequests } from '../../../src/registry/requests.ts';
import { Transport } from '../../../src/registry/transport.ts';
import { faults, type HostileRegistry, startHostileRegistry } from '../../helpers/hostile-registry.ts';

const ADA: Credential = { username: 'ada', password: 'pass:wörd' };
const TYPE = 'application/vnd.oci.image.manifest.v1+json';
const MANIFEST = { type: TYPE, body: JSON.stringify({ schemaVersion: 2, mediaType: TYPE, layers: [] }) };

let registry: HostileRegistry;

beforeEach(async () => {
  registry = await startHostileRegistry();
  registry.addManifest('app', 'v1', MANIFEST);
  registry.addManifest('other', 'v1', MANIFEST);
});

afterEach(() => registry.stop());

function client(credential?: Credential): RegistryClient {
  return new RegistryClient(
    new RegistryRequests({
      insecure: [],
      userAgent: 'skiff-test',
      certificateDirectories: [],
      environment: {},
      retry: { attempts: 2, firstPause: 1, longestPause: 10 },
      credentials: { find: async () => credential },
    }),
  );
}

async function fetchManifest(reader: RegistryClient, path = 'app'): Promise<void> {
  await reader.manifest({ domain: registry.host, path }, 'v1');
}

function tokenRequests(): string[] {
  return registry.requests.filter((request) => request.includes('/token'));
}

describe('bearer authentication', () => {
  test('fetches an anonymous token with the service of the challenge and the right to read', async () => {
    registry.guard({ scheme: 'bearer', anonymous: true });
    await fetchManifest(client());
    const [request = ''] = tokenRequests();
    expect(request).toMatch(/^GET /);
    expect(Object.fromEntries(new URL(request.slice(4), 'http://x').searchParams)).toMatchObject({
      service: 'test, service',
      scope: 'repository:app:pull',
    });
  });

  test('shows name and password to the token server only', async () => {
    registry.guard({ scheme: 'bearer', ...ADA });
    await fetchManifest(client(ADA));
    expect(registry.authorizations.map((value) => value?.split(' ')[0])).toEqual([
      undefined,
      'Basic',
      'Bearer',
    ]);
  });

  test('exchanges an identity token by POST, which keeps it out of URLs', async () => {
    registry.guard({ scheme: 'bearer', refreshToken: 'identity' });
    await fetchManifest(client({ identityToken: 'identity' }));
    expect(tokenRequests()).toEqual(['POST /token']);
  });

  test('uses one token for all requests to a repository, and another for the next repository', async () => {
    registry.guard({ scheme: 'bearer', anonymous: true });
    const reader = client();
    const blob = registry.addBlob(randomBytes(100)) as Descriptor;
    await fetchManifest(reader);
    await fetchManifest(reader);
    await buffer(reader.blob({ domain: registry.host, path: 'app' }, blob));
    expect(tokenRequests()).toHaveLength(1);
    await fetchManifest(reader, 'other');
    expect(tokenRequests()).toHaveLength(2);
  });

  test('makes one token request for parallel callers', async () => {
    registry.guard({ scheme: 'bearer', anonymous: true });
    const reader = client();
    await Promise.all(Array.from({ length: 8 }, () => fetchManifest(reader)));
    expect(tokenRequests()).toHaveLength(1);
  });

  test('fetches a new token, once, when parallel callers find the old one refused', async () => {
    registry.guard({ scheme: 'bearer', anonymous: true });
    const reader = client();
    await fetchManifest(reader);
    registry.revokeTokens();
    await Promise.all(Array.from({ length: 4 }, () => fetchManifest(reader)));
    expect(tokenRequests()).toHaveLength(2);
  });

  test('takes up a broken blob with a new token when the old one ran out meanwhile', async () => {
    registry.guard({ scheme: 'bearer', anonymous: true });
    const content = randomBytes(1000);
    const blob = registry.addBlob(content) as Descriptor;
    const reader = client();
    await fetchManifest(reader);
    registry.misbehave(
      /blobs/,
      (request, response, served) => {
        registry.revokeTokens();
        faults.breakAfter(400)(request, response, served);
      },
      1,
    );
    expect(await buffer(reader.blob({ domain: registry.host, path: 'app' }, blob))).toEqual(content);
    expect(tokenRequests()).toHaveLength(2);
  });

  test('renews a token shortly before its stated end', async () => {
    registry.guard({ scheme: 'bearer', anonymous: true, lifetime: 100 });
    let now = 0;
    const hosts = new HostPolicy([]);
    const limits = { answerTimeout: 5_000, idleTimeout: 5_000 };
    const transport = new Transport({
      hosts,
      userAgent: 'test',
      certificateDirectories: [],
      environment: {},
      ...limits,
    });
    const authorizer = new Authorizer(transport, { now: () => now });
    const door: Door = { domain: registry.host, base: new URL(`http://${registry.host}/`), path: 'app' };
    expect(await authorizer.authorization(door)).toBeUndefined();
    const challenge = `Bearer realm="http://${registry.host}/token"`;
    expect(await authorizer.answer(door, challenge, undefined)).toBe('Bearer token-1');
    now = 80_000;
    expect(await authorizer.authorization(door)).toBe('Bearer token-1');
    now = 91_000;
    expect(await authorizer.authorization(door)).toBe('Bearer token-2');
  });

  test.each([
    ['a wrong password', { ...ADA, password: 'secret' }, 'refused the credentials of ada'],
    ['a wrong identity token', { identityToken: 'secret' }, 'refused the credentials'],
    ['no credentials', undefined, 'gives no anonymous access'],
  ])('with %s is unauthorized', async (_what, credential, message) => {
    registry.guard({ scheme: 'bearer', ...ADA, refreshToken: 'identity' });
    const error = await fetchManifest(client(credential)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'unauthorized',
      message: `registry ${registry.host} ${message}`,
      cause: { status: 401, url: `http://${registry.host}/token` },
    });
    expect(JSON.stringify([error, (error as Error).message, (error as Error).cause])).not.toContain('secret');
  });

  test('whose fresh token is refused, too, is unauthorized', async () => {
    registry.guard({ scheme: 'bearer', anonymous: true });
    registry.misbehave(
      /manifests/,
      faults.status(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` }),
    );
    await expect(fetchManifest(client())).rejects.toMatchObject({
      kind: 'unauthorized',
      message: expect.stringContaining('does not let you read image'),
    });
  });

  test('asks again after a failed token request: a failure is not remembered', async () => {
    registry.guard({ scheme: 'bearer', anonymous: true });
    registry.misbehave(/token/, faults.status(500), 2);
    const reader = client();
    await expect(fetchManifest(reader)).rejects.toMatchObject({ kind: 'unavailable' });
    await fetchManifest(reader);
  });
});

describe('a token server', () => {
  test.each([
    ['answers a page', faults.html(), 'invalid', 'did not answer with JSON'],
    ['answers without a token', faults.status(200), 'invalid', 'answered without a token'],
    ['never stops talking', faults.endless(), 'invalid', 'did not answer with JSON'],
    ['is broken', faults.status(500), 'unavailable', 'answered status 500'],
    ['cuts the connection', faults.reset(), 'unavailable', 'broke off the connection'],
  ])('that %s is an error of its own', async (_what, fault, kind, message) => {
    registry.guard({ scheme: 'bearer', anonymous: true });
    registry.misbehave(/token/, fault);
    await expect(fetchManifest(client())).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ['ftp://x/token', 'names no usable token server'],
    ['http://[', 'names no usable token server'],
  ])('at %s is refused', async (realm, message) => {
    registry.misbehave(/manifests/, faults.status(401, { 'www-authenticate': `Bearer realm="${realm}"` }));
    await expect(fetchManifest(client())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(message),
    });
  });

  test('without TLS gets nothing when the registry has it', async () => {
    const hosts = new HostPolicy([]);
    const limits = { answerTimeout: 5_000, idleTimeout: 5_000 };
    const transport = new Transport({
      hosts,
      userAgent: 'test',
      certificateDirectories: [],
      environment: {},
      ...limits,
    });
    const authorizer = new Authorizer(transport, { credentials: { find: async () => ADA } });
    const door = { domain: 'r.example', base: new URL('https://r.example/'), path: 'app' };
    await expect(
      authorizer.answer(door, 'Bearer realm="http://a.example/"', undefined),
    ).rejects.toMatchObject({
      kind: 'invalid',
      message: 'registry r.example wants credentials sent over plain HTTP to a.example',
    });
  });
});

describe('basic authentication', () => {
  test('sends name and password once they were asked for, and at once from then on', async () => {
    registry.guard({ scheme: 'basic', ...ADA });
    const reader = client(ADA);
    await fetchManifest(reader);
    await fetchManifest(reader);
    const basic = `Basic ${Buffer.from('ada:pass:wörd').toString('base64')}`;
    expect(registry.authorizations).toEqual([undefined, basic, basic]);
  });

  test('with a wrong password is unauthorized, at the first and every later attempt', async () => {
    registry.guard({ scheme: 'basic', ...ADA });
    const reader = client({ ...ADA, password: 'wrong' });
    await expect(fetchManifest(reader)).rejects.toMatchObject({
      kind: 'unauthorized',
      cause: { status: 401 },
    });
    await expect(fetchManifest(reader)).rejects.toMatchObject({
      kind: 'unauthorized',
      message: `registry ${registry.host} refused the credentials of ada`,
    });
  });

  test('without credentials is unauthorized', async () => {
    registry.guard({ scheme: 'basic', ...ADA });
    await expect(fetchManifest(client())).rejects.toMatchObject({
      kind: 'unauthorized',
      message: `registry ${registry.host} wants a name and password`,
    });
  });

  test('is preferred to schemes that nobody here knows, which alone are an error', async () => {
    registry.misbehave(
      /manifests/,
      faults.status(401, { 'www-authenticate': 'Negotiate, Basic realm="x"' }),
      1,
    );
    await fetchManifest(client(ADA));
    registry.misbehave(/manifests/, faults.status(401, { 'www-authenticate': 'Negotiate' }));
    await expect(fetchManifest(client(ADA))).rejects.toMatchObject({
      kind: 'unauthorized',
      message: `registry ${registry.host} wants an unsupported login: negotiate`,
    });
  });
});
