import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { RegistryRequests } from '../../../src/registry/requests.ts';
import { RegistryUploads } from '../../../src/registry/upload.ts';
import { UploadRegistry } from '../../helpers/upload-registry.ts';

const CHUNK = 64 * 1024;

let registry: UploadRegistry;
beforeEach(async () => {
  registry = new UploadRegistry();
  await registry.start();
});
afterEach(() => registry.stop());

const where = () => ({ domain: registry.host, path: 'app' });
const uploads = () =>
  new RegistryUploads(
    new RegistryRequests({
      insecure: [],
      userAgent: 'test',
      chunk: CHUNK,
      retry: { attempts: 4, firstPause: 1, longestPause: 1000 },
    }),
  );

function send(bytes: Buffer, from?: string, told: number[] = []) {
  const digest = digestOf(bytes);
  return uploads().blob(where(), {
    descriptor: { digest, size: bytes.length },
    async *open() {
      for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
    },
    from,
    onProgress: (count) => void told.push(count),
  });
}

/** Takes a part of a request's body into account, then breaks the connection. */
const breakAfter =
  (method: string, length: number) => (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== method) return false;
    let seen = 0;
    request.on('data', (piece: Buffer) => {
      seen += piece.length;
      if (seen >= length) response.destroy();
    });
    return false;
  };

describe('an upload', () => {
  it('is not made of what the registry has', async () => {
    const bytes = Buffer.from('known');
    registry.blobs.set(digestOf(bytes), bytes);
    expect(await send(bytes)).toBe('exists');
    expect(registry.requests).toEqual(['HEAD /v2/app/blobs/D']);
  });

  it('is one request for a small blob, also for an empty one', async () => {
    for (const bytes of [Buffer.from('small'), Buffer.alloc(0)]) {
      registry.requests.splice(0);
      expect(await send(bytes)).toBe('sent');
      expect(registry.blobs.get(digestOf(bytes))).toEqual(bytes);
      expect(registry.requests).toEqual([
        'HEAD /v2/app/blobs/D',
        'POST /v2/app/blobs/uploads/',
        'PUT /v2/app/blobs/uploads/N',
      ]);
    }
  });

  it('takes a blob over from another repository, and is sent where that cannot be had', async () => {
    const bytes = randomBytes(1000);
    expect(await send(bytes, 'other')).toBe('sent');
    registry.requests.splice(0);
    registry.faults = [(request, response) => request.method === 'HEAD' && !!response.writeHead(404).end()];
    expect(await send(bytes, 'other')).toBe('mounted');
    expect(registry.requests).toEqual(['HEAD /v2/app/blobs/D', 'POST /v2/app/blobs/uploads/']);
  });

  it('is not begun for what can only be taken over, or is given up', async () => {
    const descriptor = { digest: digestOf(Buffer.from('x')), size: 1 };
    const takeOver = (from?: string) => uploads().takeOver(where(), { descriptor, from });
    expect(await takeOver()).toBe(false);
    expect(await takeOver('other')).toBe(false);
    expect(registry.requests).toEqual([
      'HEAD /v2/app/blobs/D',
      'HEAD /v2/app/blobs/D',
      'POST /v2/app/blobs/uploads/',
      'DELETE /v2/app/blobs/uploads/N',
    ]);
    expect(registry.received).toEqual([]);
    registry.blobs.set(descriptor.digest, Buffer.from('x'));
    expect(await takeOver('other')).toBe(true);
    registry.faults = [(request, response) => request.method === 'HEAD' && !!response.writeHead(404).end()];
    expect(await takeOver('other')).toBe(true);
  });

  it('goes in chunks, and tells how far it is', async () => {
    const bytes = randomBytes(2 * CHUNK + 5);
    const told: number[] = [];
    expect(await send(bytes, undefined, told)).toBe('sent');
    expect(registry.blobs.get(digestOf(bytes))?.equals(bytes)).toBe(true);
    expect(registry.requests.filter((line) => line.startsWith('PATCH'))).toHaveLength(3);
    expect(told).toEqual([CHUNK, 2 * CHUNK, 2 * CHUNK + 5, 2 * CHUNK + 5]);
  });

  it('has chunks as large as the registry wants them', async () => {
    registry.headers = { 'oci-chunk-min-length': `${CHUNK + 1000}` };
    const bytes = randomBytes(2 * CHUNK);
    expect(await send(bytes)).toBe('sent');
    expect(registry.requests.filter((line) => line.startsWith('PATCH'))).toHaveLength(2);
  });

  it.each([0, 1, CHUNK / 2, CHUNK - 1])('goes on where it broke, %i bytes into a chunk', async (length) => {
    const bytes = randomBytes(2 * CHUNK);
    let patches = 0;
    registry.faults = [
      (request, response) => {
        if (request.method === 'PATCH' && ++patches === 2) {
          if (length === 0) return !!response.destroy();
          breakAfter('PATCH', length)(request, response);
        }
        return false;
      },
    ];
    expect(await send(bytes)).toBe('sent');
    expect(registry.blobs.get(digestOf(bytes))?.equals(bytes)).toBe(true);
    expect(registry.requests).toContain('GET /v2/app/blobs/uploads/N');
  });

  it('goes on when the registry is busy for a moment', async () => {
    const bytes = randomBytes(CHUNK + 1);
    registry.faults = [
      (request, response) => request.method === 'PATCH' && !!response.writeHead(503).end(),
      (request, response) => request.method === 'PATCH' && !!response.writeHead(429).end(),
    ];
    expect(await send(bytes)).toBe('sent');
    expect(registry.blobs.get(digestOf(bytes))?.equals(bytes)).toBe(true);
  });

  it('ends with an error when it breaks again and again, and when it is refused', async () => {
    const bytes = randomBytes(CHUNK + 1);
    registry.faults = Array.from({ length: 9 }, () => (request, response) => {
      return request.method === 'PATCH' && !!response.writeHead(500).end();
    });
    await expect(send(bytes)).rejects.toMatchObject({ kind: 'unavailable' });
    registry.faults = [(request, response) => request.method === 'PATCH' && !!response.writeHead(403).end()];
    await expect(send(bytes)).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringContaining(registry.host),
    });
  });

  it('is refused when the blob is not as long as was said', async () => {
    for (const size of [3, 5]) {
      const upload = { descriptor: { digest: digestOf(Buffer.from('four')), size }, open: () => four() };
      await expect(uploads().blob(where(), upload)).rejects.toThrow(`is not as long as its ${size} bytes`);
    }
    async function* four() {
      yield Buffer.from('four');
    }
  });

  it('does not follow a registry to plain HTTP elsewhere, nor to what is no address', async () => {
    for (const location of ['ftp://elsewhere/x', 'http://']) {
      registry.faults = [
        (request, response) => request.method === 'POST' && !!response.writeHead(202, { location }).end(),
      ];
      await expect(send(Buffer.from('x'))).rejects.toMatchObject({ kind: 'invalid' });
    }
    registry.faults = [(request, response) => request.method === 'POST' && !!response.writeHead(202).end()];
    await expect(send(Buffer.from('x'))).rejects.toThrow('did not say where');
  });

  it('ends when it is cancelled', async () => {
    const abort = new AbortController();
    registry.faults = [
      (request) => {
        if (request.method === 'PATCH') abort.abort();
        return false;
      },
    ];
    const bytes = randomBytes(CHUNK + 1);
    const upload = {
      descriptor: { digest: digestOf(bytes), size: bytes.length },
      async *open() {
        yield bytes;
      },
      signal: abort.signal,
    };
    await expect(uploads().blob(where(), upload)).rejects.toMatchObject({ kind: 'cancelled' });
  });
});

describe('a manifest', () => {
  const bytes = Buffer.from('{"schemaVersion":2}');
  const document = {
    bytes,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(bytes),
  };

  it('is put under its tag with its type', async () => {
    await uploads().manifest(where(), 'latest', document);
    expect(registry.manifests.get('/v2/app/manifests/latest')).toEqual({
      type: document.mediaType,
      body: bytes,
    });
  });

  it('is not there when the registry knows it by another digest', async () => {
    registry.headers = { 'docker-content-digest': `sha256:${'0'.repeat(64)}` as Digest };
    await expect(uploads().manifest(where(), 'latest', document)).rejects.toThrow('instead of');
  });
});
