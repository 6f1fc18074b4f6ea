import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RegistryClient } from '../../../src/registry/client.ts';
import { type RegistryOptions, RegistryRequests } from '../../../src/registry/requests.ts';
import {
  type CertificateOptions,
  createCertificate,
  type TestCertificate,
} from '../../helpers/certificates.ts';
import { faults, type HostileRegistry, startHostileRegistry } from '../../helpers/hostile-registry.ts';

const TYPE = 'application/vnd.oci.image.manifest.v1+json';
const MANIFEST = { type: TYPE, body: JSON.stringify({ schemaVersion: 2, mediaType: TYPE, layers: [] }) };

let directory: string;
let good: TestCertificate;
const started: HostileRegistry[] = [];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tls-test-'));
  good = createCertificate(join(directory, 'good'));
});

afterAll(() => rmSync(directory, { recursive: true }));

afterEach(async () => {
  await Promise.all(started.splice(0).map((registry) => registry.stop()));
});

/** Starts a registry with an image `app:v1`. Its `domain` reaches loopback, but no rule knows it as such. */
async function start(
  certificate: TestCertificate | undefined,
  options: ServerOptions = {},
): Promise<HostileRegistry & { domain: string }> {
  const tls = certificate && {
    key: readFileSync(certificate.key),
    cert: readFileSync(certificate.certificate),
    ...options,
  };
  const registry = await startHostileRegistry(tls);
  started.push(registry);
  registry.addManifest('app', 'v1', MANIFEST);
  return { ...registry, domain: `0.0.0.0:${registry.host.split(':')[1]}` };
}

async function ask(domain: string, options: Partial<RegistryOptions> = {}): Promise<unknown> {
  const client = new RegistryClient(
    new RegistryRequests({
      insecure: [],
      userAgent: 'skiff-test',
      certificateDirectories: [],
      retry: { attempts: 2, firstPause: 1, longestPause: 1_000 },
      ...options,
    }),
  );
  return await client.manifest({ domain, path: 'app' }, 'v1');
}

/** A server that judges certificates within the handshake, as those of Node do not. */
async function startOpenssl(
  { authority, certificate, key }: TestCertificate,
  options: readonly string[],
): Promise<AsyncDisposable & { domain: string }> {
  const identity = ['-cert', certificate, '-key', key, '-CAfile', authority];
  const args = ['s_server', '-accept', '127.0.0.1:0', '-www', ...identity, ...options];
  const child = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const gone = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^ACCEPT .*:(\d+)$/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    return { domain: `0.0.0.0:${port}`, [Symbol.asyncDispose]: stop };
  }
  throw new Error('openssl s_server did not start');
}

function issue(name: string, options: CertificateOptions): TestCertificate {
  return createCertificate(join(directory, name), options);
}

describe('the certificate of a registry', () => {
  test.each([
    ['expired', { validity: ['20200101000000Z', '20200201000000Z'] }, 'has expired', 'check the clock'],
    ['early', { validity: ['20990101000000Z', '20990201000000Z'] }, 'is not valid yet', 'check the clock'],
    [
      'other',
      { names: 'DNS:other.example' },
      'was issued for another name',
      'by the name in its certificate',
    ],
  ] as const)('that is %s is refused in words of its own', async (name, options, message, hint) => {
    const certificate = issue(name, options);
    const { domain, requests } = await start(certificate);
    await expect(ask(domain, { certificateDirectories: [certificate.trust(domain)] })).rejects.toMatchObject({
      kind: 'unavailable',
      message: `certificate of registry ${domain} ${message}`,
      hint: expect.stringContaining(hint),
    });
    expect(requests).toEqual([]);
    await ask(domain, { insecure: [domain] });
  });

  test('of an unknown authority is refused, and the hint says where the authority belongs', async () => {
    const { domain, requests } = await start(good);
    await expect(ask(domain)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(`certificate of registry ${domain} is not trusted: `),
      hint: expect.stringContaining(`certs.d/${domain}/ca.crt`),
    });
    expect(requests).toEqual([]);
    await ask(domain, { certificateDirectories: [good.trust(domain)] });
    await ask(domain, { insecure: ['0.0.0.0/8'] });
  });

  test.each(['localhost', '127.0.0.1'])('is not looked at on %s', async (host) => {
    const registry = await start(issue('this-machine', { names: 'DNS:other.example' }));
    await ask(`${host}:${registry.host.split(':')[1]}`);
    expect(registry.requests).toEqual(['GET /v2/', 'GET /v2/app/manifests/v1']);
  });

  test('is trusted by the authorities of SSL_CERT_FILE', async () => {
    const { domain } = await start(good);
    await ask(domain, { environment: { SSL_CERT_FILE: good.authority } });
    await ask(domain, { environment: { SSL_CERT_FILE: good.authority, SSL_CERT_DIR: '/nonexistent' } });
    const nothing = { SSL_CERT_FILE: join(directory, 'nothing.crt') };
    await expect(ask(domain, { environment: nothing })).rejects.toMatchObject({
      message: expect.stringContaining('is not trusted'),
    });
  });

  test('is trusted by the authorities of all directories of SSL_CERT_DIR, whatever else lies there', async () => {
    const [one, two] = ['one', 'two'].map((name) => mkdtempSync(join(directory, name))) as [string, string];
    const { domain } = await start(good);
    writeFileSync(join(one, 'README'), 'no certificate');
    writeFileSync(join(one, 'half.pem'), '-----BEGIN CERTIFICATE-----\nMIIB\n');
    symlinkSync('nowhere', join(one, 'dangling.pem'));
    const environment = { SSL_CERT_DIR: `${one}:${two}:/nonexistent:` };
    await expect(ask(domain, { environment })).rejects.toMatchObject({
      message: expect.stringContaining('is not trusted'),
    });
    writeFileSync(join(two, 'any.name'), `a comment\n${readFileSync(good.authority, 'utf8')}`);
    symlinkSync('any.name', join(two, '0123abcd.0'));
    await ask(domain, { environment });
  });
});

describe('a TLS handshake that fails', () => {
  const versions = [{ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }] as const;

  test.each(versions)('for want of a client certificate says so (%j)', async (version) => {
    const ca = readFileSync(good.authority);
    const { domain, requests } = await start(good, {
      ...version,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    for (const insecure of [[], [domain]]) {
      await expect(
        ask(domain, { insecure, certificateDirectories: [good.trust(domain)] }),
      ).rejects.toMatchObject({
        kind: 'unavailable',
        message: `registry ${domain} wants a client certificate`,
        hint: `put it into /etc/containers/certs.d/${domain}/client.cert, and its key into client.key beside it`,
      });
    }
    expect(requests).toEqual([]);
    await ask(domain, { certificateDirectories: [good.trust(domain), good.show(domain)] });
  });

  test.each(['-tls1_2', '-tls1_3'])('for a client certificate of strangers says so (%s)', async (version) => {
    const strangers = issue(`strangers${version}`, {});
    await using server = await startOpenssl(good, [version, '-Verify', '1', '-verify_return_error']);
    const certificateDirectories = [good.trust(server.domain), strangers.show(server.domain)];
    await expect(ask(server.domain, { certificateDirectories })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(`registry ${server.domain} refused the client certificate: [a-z ]+$`),
      hint: expect.stringContaining(`/etc/containers/certs.d/${server.domain}`),
    });
  });

  test.each([
    [
      'for want of a version in common',
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      'offers no version of TLS that is accepted here',
    ],
    [
      'for want of a cipher in common',
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CAMELLIA128-SHA256' },
      'failed: handshake failure',
    ],
  ] as const)('%s says so, and nothing is tried without TLS', async (_what, options, message) => {
    const { domain, requests } = await start(good, options);
    for (const insecure of [[], [domain]]) {
      await expect(ask(domain, { insecure })).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining(message),
      });
    }
    expect(requests).toEqual([]);
  });

  test('because there is no TLS says so', async () => {
    const { domain, requests } = await start(undefined);
    await expect(ask(domain)).rejects.toMatchObject({
      kind: 'unavailable',
      message: `registry ${domain} does not speak HTTPS`,
      hint: `if plain HTTP is acceptable, add --insecure-registry ${domain}`,
    });
    expect(requests).toEqual([]);
  });
});

describe('a redirect from HTTPS to plain HTTP', () => {
  const credentials = { find: async () => ({ username: 'ada', password: 'secret' }) };

  async function pair(): Promise<Awaited<ReturnType<typeof start>>[]> {
    const [secure, plain] = [await start(good), await start(undefined)];
    secure.guard({ scheme: 'basic', username: 'ada', password: 'secret' });
    return [secure, plain];
  }

  test('is followed where both hosts are named insecure, and the credentials stay behind', async () => {
    const [secure, plain] = (await pair()) as [
      Awaited<ReturnType<typeof start>>,
      Awaited<ReturnType<typeof start>>,
    ];
    const insecure = [secure.domain, plain.domain];
    const client = { insecure, credentials };
    await ask(secure.domain, client);
    secure.misbehave(/manifests/, faults.redirect(`http://${plain.domain}/v2/app/manifests/v1`));
    secure.misbehave(/v2\/$/, faults.status(401, { 'www-authenticate': 'Basic realm="test"' }));
    await ask(secure.domain, client);
    expect(plain.authorizations).toEqual([undefined]);
  });

  test.each([
    ['neither', [], [0, 1]],
    ['only the first', [0], [1]],
    ['only the second', [1], [0]],
  ])('is refused where %s is named, and the hint names the missing ones', async (_what, named, missing) => {
    const hosts = await pair();
    const domains = hosts.map(({ domain }) => domain) as [string, string];
    hosts[0]?.misbehave(/manifests/, faults.redirect(`http://${domains[1]}/v2/app/manifests/v1`));
    const insecure = named.map((index) => domains[index] ?? '');
    const options = missing.map((index) => `--insecure-registry ${domains[index]}`).join(' ');
    const certificateDirectories = [good.trust(domains[0])];
    await expect(ask(domains[0], { insecure, certificateDirectories })).rejects.toMatchObject({
      kind: 'invalid',
      message: `registry ${domains[0]} sent a bad redirect: it leads from HTTPS to plain HTTP at ${domains[1]}`,
      hint: `if plain HTTP is acceptable there, add ${options}`,
    });
    expect(hosts[1]?.requests).toEqual([]);
  });
});
