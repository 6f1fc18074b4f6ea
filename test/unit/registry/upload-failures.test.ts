import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { type RegistryOptions, RegistryRequests } from '../../../src/registry/requests.ts';
import { RegistryUploads } from '../../../src/registry/upload.ts';
import { createCertificate } from '../../helpers/certificates.ts';
import { cutChunks, status, UPLOAD_MISBEHAVIOURS } from '../../helpers/upload-faults.ts';
import { UploadRegistry } from '../../helpers/upload-registry.ts';

const CHUNK = 64 * 1024;
const ATTEMPTS = 4;
const bytes = randomBytes(2.5 * CHUNK);
const digest = digestOf(bytes);
const body = Buffer.from('{"schemaVersion":2}');
const document = {
  bytes: body,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(body),
};

let registry: UploadRegistry;
let other: UploadRegistry;
beforeEach(async () => {
  [registry, other] = [new UploadRegistry(), new UploadRegistry()];
  await Promise.all([registry.start(), other.start()]);
});
afterEach(() => Promise.all([registry.stop(), other.stop()]));

const uploads = (options: Partial<RegistryOptions> = {}) =>
  new RegistryUploads(
    new RegistryRequests({
      insecure: [],
      userAgent: 'test',
      chunk: CHUNK,
      certificateDirectories: [],
      retry: { attempts: ATTEMPTS, firstPause: 1, longestPause: 5_000 },
      ...options,
    }),
  );

interface Sending {
  to?: RegistryUploads;
  domain?: string;
  from?: string;
  content?: Buffer;
  size?: number;
}

async function send({
  to = uploads(),
  domain = registry.host,
  content = bytes,
  size = content.length,
  from,
}: Sending = {}) {
  return await to.blob(
    { domain, path: 'app' },
    {
      descriptor: { digest: digestOf(content), size },
      async *open() {
        for (let at = 0; at < content.length; at += 10_000) yield content.subarray(at, at + 10_000);
      },
      from,
    },
  );
}

async function push(): Promise<void> {
  const to = uploads();
  await send({ to });
  await to.manifest({ domain: registry.host, path: 'app' }, 'latest', document);
}

const count = (line: string) => registry.requests.filter((request) => request.startsWith(line)).length;
const arrived = () => [registry, other].some(({ blobs }) => blobs.get(digest)?.equals(bytes) === true);

describe('a push goes through at a registry that', () => {
  it.each(UPLOAD_MISBEHAVIOURS.filter(({ refused }) => refused === undefined))(
    '$what',
    async ({ arrange }) => {
      arrange(registry, other);
      await push();
      expect(arrived()).toBe(true);
      expect(registry.faults).toEqual([]);
      expect(other.authorizations.filter((header) => header !== undefined)).toEqual([]);
    },
  );

  it('cuts the connection at every tenth of a blob', async () => {
    // Large enough for a tenth to come in several pieces.
    const content = randomBytes(4 * 1024 * 1024);
    // A piece may be read beyond that.
    registry.faults = [cutChunks(10, content.length / 12)];
    await send({ content, to: uploads({ chunk: content.length / 2 }) });
    expect(registry.blobs.get(digestOf(content))?.equals(content)).toBe(true);
    expect(count('PATCH')).toBeGreaterThanOrEqual(10);
  });
});

describe('a push ends, after few requests, at a registry that', () => {
  it.each(UPLOAD_MISBEHAVIOURS.filter(({ refused }) => refused !== undefined))(
    '$what',
    async ({ arrange, refused }) => {
      arrange(registry, other);
      await expect(push()).rejects.toThrow(refused);
      expect(registry.requests.length).toBeLessThan(20);
      registry.faults = [];
      registry.headers = {};
      await push();
      expect(arrived()).toBe(true);
    },
  );

  it('wants more in a chunk than memory should hold', async () => {
    registry.headers = { 'oci-chunk-min-length': `${2 ** 40}` };
    await expect(send({ size: 2 ** 41 })).rejects.toThrow(`in chunks of ${2 ** 40} bytes at least`);
    expect(count('P')).toBe(1);
  });
});

describe('an upload', () => {
  it('is not repeated when it is refused, and waits as long as it is told to when the registry is busy', async () => {
    for (const code of [400, 401, 403, 405, 422]) {
      registry.requests.splice(0);
      registry.faults = [status('PATCH', code)];
      await expect(send()).rejects.toMatchObject({ cause: { status: code } });
      expect(count('PATCH')).toBe(1);
    }
    registry.faults = [status('PATCH', 429, { 'retry-after': '1' })];
    const begun = performance.now();
    await send();
    expect(performance.now() - begun).toBeGreaterThan(990);
  });

  it('goes on with a new token, which is bought once', async () => {
    registry.isGuarded = true;
    let isLast = false;
    registry.faults = [
      ({ method }) => {
        if (method === 'PATCH' && !isLast) registry.revoke();
        if (method === 'PATCH') isLast = true;
        return false;
      },
    ];
    await push();
    expect(arrived()).toBe(true);
    expect(registry.sold).toEqual([['repository:app:pull,push'], ['repository:app:pull,push']]);
    expect(count('PATCH')).toBe(4);
  });

  it('asks for a mount with the scopes of both repositories', async () => {
    registry.isGuarded = true;
    registry.blobs.set(digest, bytes);
    registry.faults = [status('HEAD', 404)];
    expect(await send({ from: 'base' })).toBe('mounted');
    expect(registry.sold.at(-1)).toEqual(['repository:app:pull,push', 'repository:base:pull']);
  });

  it.each([400, 401, 403, 404, 405])('is sent where a mount is answered with status %i', async (code) => {
    registry.faults = [status('POST', code)];
    expect(await send({ from: 'base' })).toBe('sent');
    expect(registry.queries.filter((query) => query.includes('mount'))).toHaveLength(1);
  });

  it('goes on at the very address that it was given', async () => {
    const query = '?sig=a%20b~c+d%2F&x';
    registry.faults = [
      (request, response) =>
        request.method === 'POST' &&
        !!response.writeHead(202, { location: `${registry.begin()}${query}` }).end(),
    ];
    const content = Buffer.from('small');
    await send({ content });
    expect(registry.queries.at(-1)).toBe(`${query}&digest=${encodeURIComponent(digestOf(content))}`);
  });

  it('does not go from HTTPS to plain HTTP', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'upload-test-'));
    const { key, certificate, authority } = createCertificate(directory);
    const secure = new UploadRegistry({ key: readFileSync(key), cert: readFileSync(certificate) });
    await secure.start();
    try {
      const location = `http://0.0.0.0:${registry.host.split(':')[1]}${registry.begin()}`;
      secure.faults = [status('POST', 202, { location })];
      const to = uploads({ environment: { SSL_CERT_FILE: authority } });
      const domain = secure.host.replace('localhost', '0.0.0.0');
      await expect(send({ to, domain })).rejects.toThrow('it leads from HTTPS to plain HTTP');
      expect(registry.requests).toEqual([]);
      expect(await send({ to, domain })).toBe('sent');
    } finally {
      await secure.stop();
      rmSync(directory, { recursive: true });
    }
  });
});
