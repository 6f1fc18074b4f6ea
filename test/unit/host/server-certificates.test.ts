import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { httpServer } from '../../../src/host/http-server.ts';
import { listen } from '../../../src/host/listen.ts';
import { exposedFiles, readServerCertificates } from '../../../src/host/server-certificates.ts';
import { createCertificate } from '../../helpers/certificates.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-tls-'));
afterAll(() => rmSync(directory, { recursive: true }));

const ours = createCertificate(join(directory, 'ours'));
const other = createCertificate(join(directory, 'other'));
const files = { authority: ours.authority, certificate: ours.certificate, key: ours.key };

/** Resolves to the status of an answer, or to undefined when there is none. */
function statusOf(name: string, client: object): Promise<number | undefined> {
  const url = name.replace('tcp:', 'https:');
  const options = { ca: readFileSync(ours.authority), agent: false, ...client };
  return new Promise((resolve) => {
    get(url, options, (response) => resolve(response.resume().statusCode)).on('error', () =>
      resolve(undefined),
    );
  });
}

const shown = ({ certificate, key }: { certificate: string; key: string }) => ({
  cert: readFileSync(certificate),
  key: readFileSync(key),
});

describe('a server with certificates', () => {
  it('answers those alone who show one that its authority vouches for', async () => {
    const handlers = {
      request: (_: unknown, response: { end(): void }) => response.end(),
      upgrade: () => {},
    };
    const { listener, cut } = httpServer(handlers, {
      certificates: readServerCertificates(files),
      most: 10,
    });
    const address = { kind: 'tcp', host: '127.0.0.1', port: 0, tls: true } as const;
    const { name, stop } = await listen(listener, address, { directory: '', alone: (_file, use) => use() });
    expect(await statusOf(name, shown(ours))).toBe(200);
    expect(await statusOf(name, shown(other))).toBeUndefined();
    expect(await statusOf(name, {})).toBeUndefined();
    stop();
    cut();
  });
});

describe('the files of certificates', () => {
  it('are told of when others may read the key, or write what decides who is answered', () => {
    for (const path of Object.values(files)) chmodSync(path, 0o600);
    expect(exposedFiles(files)).toEqual([]);
    chmodSync(files.key, 0o604);
    chmodSync(files.certificate, 0o644);
    chmodSync(files.authority, 0o646);
    expect(exposedFiles(files)).toEqual([
      expect.stringContaining(`${files.key} may be read by every user`),
      expect.stringContaining(`${files.authority} may be written by every user`),
    ]);
  });

  it('are named when they are not there, or something else', () => {
    const nothing = join(directory, 'nothing');
    const text = join(directory, 'text');
    writeFileSync(text, 'text');
    expect(() => readServerCertificates({ ...files, key: nothing })).toThrow(
      `${nothing} cannot be used as a key`,
    );
    expect(() => readServerCertificates({ ...files, certificate: text })).toThrow(
      `${text} cannot be used as a certificate`,
    );
    expect(() => readServerCertificates({ ...files, authority: text })).toThrow(
      `${text} cannot be used as a client's authority`,
    );
  });

  it('belong together', () => {
    expect(() => readServerCertificates({ ...files, key: other.key })).toThrow(
      'is not the key of the certificate',
    );
  });
});
