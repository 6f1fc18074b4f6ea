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
  /** The `certs.d` directory that shows a client's certificate of the same authority to `host`. */
  show(host: string): string;
}

export interface CertificateOptions {
  /**
   * The names that the certificate is for, as OpenSSL writes them; by default this machine, also as 0.0.0.0, which no
   * rule calls loopback.
   */
  names?: string;
  /** When it begins and ends, as `YYYYMMDDHHMMSSZ`; from now on for two days by default. */
  validity?: readonly [string, string];
}

const THIS_MACHINE = 'DNS:localhost,IP:127.0.0.1,IP:0.0.0.0';

/** Makes a fresh authority, and certificates for a server and for a client, below a directory, with openssl. */
export function createCertificate(
  directory: string,
  { names = THIS_MACHINE, validity }: CertificateOptions = {},
): TestCertificate {
  mkdirSync(directory, { recursive: true });
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const ca = ['-keyout', file('ca.key'), '-out', file('ca.crt'), '-subj', '/CN=test authority', '-days', '2'];
  openssl('req', '-x509', ...newKey, ...ca);
  writeFileSync(
    file('ca.cnf'),
    `[ca]
default_ca = it
[it]
database = ${file('index')}
serial = ${file('serial')}
new_certs_dir = ${directory}
default_md = sha256
policy = any
[any]
commonName = supplied
`,
  );
  writeFileSync(file('index'), '');
  writeFileSync(file('serial'), '1000');
  const issue = (owner: string, extensions: string, period: readonly string[]): void => {
    const request = ['-keyout', file(`${owner}.key`), '-out', file(`${owner}.csr`), '-subj', `/CN=${owner}`];
    openssl('req', ...newKey, ...request);
    writeFileSync(file('extensions'), extensions);
    const by = ['-config', file('ca.cnf'), '-cert', file('ca.crt'), '-keyfile', file('ca.key')];
    const what = ['-in', file(`${owner}.csr`), '-extfile', file('extensions'), '-out', file(`${owner}.crt`)];
    openssl('ca', '-batch', '-notext', ...by, ...what, ...period);
  };
  const twoDays = ['-days', '2'];
  const period = validity && ['-startdate', validity[0], '-enddate', validity[1]];
  issue('server', `subjectAltName=${names}`, period ?? twoDays);
  issue('client', 'extendedKeyUsage=clientAuth', twoDays);
  const put = (host: string, name: string, source: string): string => {
    mkdirSync(join(directory, 'certs.d', host), { recursive: true });
    writeFileSync(join(directory, 'certs.d', host, name), readFileSync(file(source)));
    return join(directory, 'certs.d');
  };
  return {
    authority: file('ca.crt'),
    certificate: file('server.crt'),
    key: file('server.key'),
    trust: (host) => put(host, 'ca.crt', 'ca.crt'),
    show(host) {
      put(host, 'client.cert', 'client.crt');
      return put(host, 'client.key', 'client.key');
    },
  };
}
