import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlain } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answersInPlainHttp, clientHello } from '../../../src/registry/plain-probe.ts';
import { createCertificate, type TestCertificate } from '../../helpers/certificates.ts';

let directory: string;
let certificate: TestCertificate;
const started: Server[] = [];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'plain-probe-test-'));
  certificate = createCertificate(directory);
});

afterAll(() => rmSync(directory, { recursive: true }));

afterEach(() => {
  for (const server of started.splice(0)) server.close();
});

async function listening(server: Server): Promise<URL> {
  started.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

function secure(options: { minVersion?: 'TLSv1.3'; maxVersion?: 'TLSv1.2' } = {}): Server {
  const key = readFileSync(certificate.key);
  return createSecure({ key, cert: readFileSync(certificate.certificate), ...options });
}

/** What a server answers to the first message, up to `length` bytes. */
async function answer(url: URL, length: number): Promise<Buffer> {
  const socket = connect(Number(url.port), '127.0.0.1');
  socket.write(clientHello(new URL('https://registry.example/')));
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    if (bytes.length >= length) break;
  }
  return bytes.subarray(0, length);
}

describe('whether a host answers a TLS handshake in plain HTTP', () => {
  it('is so of a server of HTTP alone', async () => {
    expect(await answersInPlainHttp(await listening(createPlain()))).toBe(true);
  });

  it('is not so of one that speaks TLS', async () => {
    expect(await answersInPlainHttp(await listening(secure()))).toBe(false);
  });

  it('is not so of one that hangs up, or says something else', async () => {
    const silent = createServer((socket) => socket.end());
    const other = createServer((socket) => socket.end('220 mail.example ESMTP'));
    expect(await answersInPlainHttp(await listening(silent))).toBe(false);
    expect(await answersInPlainHttp(await listening(other))).toBe(false);
  });

  it('is not so of a port where nobody listens', async () => {
    const server = createServer();
    const url = await listening(server);
    server.close();
    await once(server, 'close');
    expect(await answersInPlainHttp(url)).toBe(false);
  });

  // A record of type 22 (handshake) whose message is of type 2 (RFC 8446, sections 5.1 and 4): the hello was understood.
  it.each([{ minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }] as const)(
    'is asked with a hello that servers take: %o',
    async (options) => {
      const said = await answer(await listening(secure(options)), 6);
      expect([said[0], said[5]]).toEqual([22, 2]);
    },
  );

  it('is asked with the name of the host, unless that is an address', () => {
    expect(clientHello(new URL('https://registry.example:5000/')).includes('registry.example')).toBe(true);
    expect(clientHello(new URL('https://127.0.0.1:5000/')).includes('127.0.0.1')).toBe(false);
    expect(clientHello(new URL('https://[::1]:5000/')).includes('::1')).toBe(false);
  });
});
