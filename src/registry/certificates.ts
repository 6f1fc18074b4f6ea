import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';

/** The certificates that a TLS connection trusts and shows, in the words of node:tls; PEM texts. */
export interface TlsOptions {
  ca?: string[];
  cert?: string;
  key?: string;
  rejectUnauthorized?: boolean;
}

/** The directories where Docker and Podman look for the certificates of one registry: `<directory>/<host[:port]>/`. */
export const CERTIFICATE_DIRECTORIES: readonly string[] = ['/etc/containers/certs.d', '/etc/docker/certs.d'];

/**
 * The places where distributions keep the authorities that the whole system trusts: files with all of them, and
 * directories with a file for each.
 */
const SYSTEM_BUNDLES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const SYSTEM_DIRECTORIES: readonly string[] = ['/etc/ssl/certs', '/etc/pki/tls/certs'];
const CERTIFICATE = /^-----BEGIN CERTIFICATE-----$[^-]*^-----END CERTIFICATE-----$/gm;

/**
 * The TLS options for one registry: the system's authorities and every `*.crt` of its directories, and the first
 * `*.cert` with its `*.key` to show to the registry (containers-certs.d(5)). Throws `invalid` when a file that is
 * there cannot be read.
 */
export async function tlsOptionsFor(
  host: string,
  { directories, environment }: { directories: readonly string[]; environment: Readonly<NodeJS.ProcessEnv> },
): Promise<TlsOptions> {
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
  const system = await systemAuthorities(environment);
  if (system.length === 0 && own.length === 0) return client;
  return { ...client, ca: [...(system.length === 0 ? builtInAuthorities() : system), ...own] };
}

/** On first use: node:tls, and making these into text, costs Bun 8 ms. */
function builtInAuthorities(): readonly string[] {
  return process.getBuiltinModule('node:tls').rootCertificates;
}

/**
 * Reads the authorities of the system as Go and OpenSSL do: of one file, which `SSL_CERT_FILE` replaces, and of all
 * files of the directories, which `SSL_CERT_DIR` replaces (separated by colons). None: the choice is left to those that
 * the JavaScript runtime brings along. What cannot be read is passed over.
 */
async function systemAuthorities(environment: Readonly<NodeJS.ProcessEnv>): Promise<string[]> {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: directories } = environment;
  const bundle = await firstOf(file ? [file] : SYSTEM_BUNDLES);
  const folders = directories?.split(':').filter((folder) => folder !== '');
  if (folders?.length) return [...listOf(bundle), ...(await certificatesIn(folders))];
  // The system's bundle holds what its directories hold, in one file instead of hundreds.
  if (!file && bundle !== undefined) return [bundle];
  return [...listOf(bundle), ...(await certificatesIn(SYSTEM_DIRECTORIES))];
}

function listOf(bundle: string | undefined): string[] {
  return bundle === undefined ? [] : [bundle];
}

async function firstOf(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text) return text;
  }
  return undefined;
}

/** The certificates of every file in the directories; what else lies there, or cannot be read, is passed over. */
async function certificatesIn(folders: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => '');
      for (const [certificate] of text.matchAll(CERTIFICATE)) found.add(certificate);
    }
  }
  return [...found];
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
