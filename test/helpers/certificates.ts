import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate for a loopback server, made by an authority that nobody trusts by default. Paths of PEM files. */
export interface TestCertificate {
  authority: string;
  certificate: string;
  key: string;
  /** The `certs.d` directory that makes `host` trusted: hand it to the client. */
  trust(host: string): string;
}

/** Makes a fresh authority and a certificate for `localhost` and 127.0.0.1 below a directory, with openssl. */
export function createCertificate(directory: string): TestCertificate {
  mkdirSync(directory, { recursive: true });
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const ca = ['-keyout', file('ca.key'), '-out', file('ca.crt'), '-subj', '/CN=test authority', '-days', '2'];
  openssl('req', '-x509', ...newKey, ...ca);
  openssl(
    'req',
    ...newKey,
    '-keyout',
    file('server.key'),
    '-out',
    file('server.csr'),
    '-subj',
    '/CN=localhost',
  );
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  const signed = [
    '-CA',
    file('ca.crt'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-extfile',
    file('names'),
  ];
  openssl('x509', '-req', '-in', file('server.csr'), ...signed, '-days', '2', '-out', file('server.crt'));
  return {
    authority: file('ca.crt'),
    certificate: file('server.crt'),
    key: file('server.key'),
    trust(host) {
      mkdirSync(join(directory, 'certs.d', host), { recursive: true });
      writeFileSync(join(directory, 'certs.d', host, 'ca.crt'), readFileSync(file('ca.crt')));
      return join(directory, 'certs.d');
    },
  };
}
