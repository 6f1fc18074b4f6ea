import { readFileSync, statSync } from 'node:fs';
import { EngineError } from '../errors.ts';

/** The files, in PEM, by which a server shows who it is and knows who may ask. */
export interface CertificateFiles {
  /** Who vouches for clients. */
  authority: string;
  certificate: string;
  key: string;
}

/** What they hold, in the words of node:tls. */
export interface ServerCertificates {
  ca: string;
  cert: string;
  key: string;
}

const OTHERS_READ_OR_WRITE = 0o006;

/** Says what is wrong with who may read or write them: of those that decide who is answered, and of the secret one. */
export function exposedFiles({ authority, certificate, key }: CertificateFiles): string[] {
  const exposed = (path: string, bits: number, why: string) =>
    (statSync(path).mode & bits) === 0 ? [] : [`${path} ${why}`];
  return [
    ...exposed(
      key,
      OTHERS_READ_OR_WRITE,
      'may be read by every user of this host, who can pass for the service then',
    ),
    ...[authority, certificate].flatMap((path) =>
      exposed(path, 0o002, 'may be written by every user of this host, who decides then who is answered'),
    ),
  ];
}

/** Reads them. Throws `invalid`, naming the file, for one that cannot be read or is no such thing, and for a key of another certificate. */
export function readServerCertificates(files: CertificateFiles): ServerCertificates {
  const { X509Certificate, createPrivateKey } = process.getBuiltinModule('node:crypto');
  const read = <Thing>(path: string, what: string, parse: (pem: string) => Thing) => {
    try {
      const pem = readFileSync(path, 'utf8');
      return { pem, parsed: parse(pem) };
    } catch (cause) {
      throw wrong(path, `${path} cannot be used as ${what}: ${(cause as Error).message}`, cause);
    }
  };
  const certificateOf = (pem: string) => new X509Certificate(pem);
  const authority = read(files.authority, "a client's authority", certificateOf);
  const certificate = read(files.certificate, 'a certificate', certificateOf);
  const key = read(files.key, 'a key', (pem) => createPrivateKey(pem));
  if (!certificate.parsed.checkPrivateKey(key.parsed))
    throw wrong(files.key, `${files.key} is not the key of the certificate ${files.certificate}`);
  return { ca: authority.pem, cert: certificate.pem, key: key.pem };
}

function wrong(subject: string, message: string, cause?: unknown): EngineError {
  return new EngineError('invalid', message, { subject, cause });
}
