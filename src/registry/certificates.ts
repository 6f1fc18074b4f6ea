import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { EngineError } from '../errors.ts';

/** What a TLS connection trusts and shows, in the words of node:tls; PEM texts. */
export interface TlsOptions {
  ca?: string[];
  cert?: string;
  key?: string;
  rejectUnauthorized?: boolean;
}

/** Where Docker and Podman look for the certificates of one registry: `<directory>/<host[:port]>/`. */
export const CERTIFICATE_DIRECTORIES: readonly string[] = ['/etc/containers/certs.d', '/etc/docker/certs.d'];

/** Where distributions keep the authorities that the whole system trusts. */
const SYSTEM_BUNDLES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The TLS options for one registry: the system's authorities and every `*.crt` of its directories, and the first
 * `*.cert` with its `*.key` to show to the registry (containers-certs.d(5)). Throws `invalid` when a file that is
 * there cannot be read.
 */
export async function tlsOptionsFor(host: string, directories: readonly string[]): Promise<TlsOptions> {
  const own: string[] = [];
  const client: { cert?: string; key?: string } = {};
  for (const directory of directories) {
    const folder = join(directory, host);
    for (const name of await listing(folder)) {
      if (name.endsWith('.crt')) own.push(await read(join(folder, name)));
      if (!name.endsWith('.cert') || client.cert !== undefined) continue;
      client.cert = await read(join(folder, name));
      client.key = await read(join(folder, name.replace(/\.cert$/, '.key')));
    }
  }
  const system = await systemBundle();
  if (system === undefined && own.length === 0) return client;
  return { ...client, ca: [...(system === undefined ? rootCertificates : [system]), ...own] };
}

/** The system's authorities; undefined leaves the choice to those that the JavaScript runtime brings along. */
async function systemBundle(): Promise<string | undefined> {
  for (const path of [process.env.SSL_CERT_FILE, ...SYSTEM_BUNDLES]) {
    const text = path && (await readFile(path, 'utf8').catch(() => ''));
    if (text) return text;
  }
  return undefined;
}

async function listing(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw unreadable(folder, cause);
  }
}

async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

function unreadable(path: string, cause: unknown): EngineError {
  return new EngineError('invalid', `cannot read certificates in ${path}`, { subject: path, cause });
}
