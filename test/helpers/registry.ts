import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createCertificate, type TestCertificate } from './certificates.ts';
import type { TokenServer } from './token-server.ts';

/** Debian's docker-registry on loopback, with a storage directory of its own. */
export interface TestRegistry {
  /** `localhost:PORT` with TLS, else `127.0.0.1:PORT`: the domain of image references. */
  host: string;
  pid: number;
  /** The directory of the blobs, for tests that damage them. */
  storage: string;
  certificate: TestCertificate | undefined;
  /** Copies `oci:LAYOUT:TAG` to `HOST/NAME:TAG` with skopeo; all images of an index when `all` is given. */
  push(layout: string, image: { name: string; tag: string; all?: boolean; format?: 'oci' | 'v2s2' }): void;
  /** Ends the registry and removes everything it stored. */
  stop(): Promise<void>;
}

export interface RegistryOptions {
  /** Requires this name and password (htpasswd, bcrypt). */
  user?: { name: string; password: string };
  /** Believes the tokens of this server; instead of a password of its own. */
  tokens?: TokenServer;
  /** Serves HTTPS with a certificate of an authority made for the occasion. */
  tls?: boolean;
}

/** Starts a registry at a free port and waits until it listens. It ends with the process that started it. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const directory = mkdtempSync(join(tmpdir(), 'test-registry-'));
  const storage = join(directory, 'storage');
  const certificate = options.tls ? createCertificate(join(directory, 'tls')) : undefined;
  mkdirSync(storage);
  const config = { ...baseConfig(storage), ...authConfig(directory, options) };
  Object.assign(
    config.http,
    certificate && { tls: { certificate: certificate.certificate, key: certificate.key } },
  );
  // JSON is YAML, which is what the registry reads.
  writeFileSync(join(directory, 'config.yml'), JSON.stringify(config));
  const serve = ['--pdeathsig', 'KILL', 'docker-registry', 'serve', join(directory, 'config.yml')];
  const child = spawn('setpriv', serve, { stdio: ['ignore', 'ignore', 'pipe'] });
  const host = `${options.tls ? 'localhost' : '127.0.0.1'}:${await portOf(child)}`;
  return {
    host,
    pid: child.pid ?? 0,
    storage,
    certificate,
    push: (layout, image) => push(layout, { ...image, host, user: options.user }),
    async stop() {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGTERM');
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function baseConfig(storage: string): { http: Record<string, unknown> } & Record<string, unknown> {
  return {
    version: 0.1,
    log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
  };
}

function authConfig(directory: string, { user, tokens }: RegistryOptions): Record<string, unknown> {
  if (tokens !== undefined) return { auth: { token: tokens.settings } };
  if (user === undefined) return {};
  // perl-base is on every Debian and its crypt() knows bcrypt, unlike node:crypto; htpasswd would be one more package.
  const script = `print crypt($ARGV[0], '$2y$05$' . 'abcdefghijklmnopqrstuu')`;
  const hash = execFileSync('perl', ['-e', script, user.password], { encoding: 'utf8' });
  writeFileSync(join(directory, 'htpasswd'), `${user.name}:${hash}\n`);
  return { auth: { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } } };
}

/** The port that the kernel chose, from the registry's own log: no port is guessed and lost to somebody else. */
async function portOf(child: ChildProcess): Promise<number> {
  if (child.stderr === null) throw new Error('docker-registry has no stderr');
  const log: string[] = [];
  const lines = createInterface({ input: child.stderr });
  for await (const line of lines) {
    log.push(line);
    const port = /listening on [^"]*?:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stderr.resume();
    return Number(port);
  }
  throw new Error(`docker-registry did not start:\n${log.join('\n')}`);
}

function push(
  layout: string,
  image: {
    host: string;
    user: RegistryOptions['user'];
    name: string;
    tag: string;
    all?: boolean;
    format?: 'oci' | 'v2s2';
  },
): void {
  const { host, user, name, tag, all, format } = image;
  const options = [
    '--dest-tls-verify=false',
    ...(user ? [`--dest-creds=${user.name}:${user.password}`] : []),
    ...(all ? ['--all'] : []),
    ...(format ? [`--format=${format}`] : []),
  ];
  const args = ['--insecure-policy', 'copy', '--quiet', ...options, `oci:${layout}:${tag}`];
  execFileSync('skopeo', [...args, `docker://${host}/${name}:${tag}`], { stdio: 'pipe' });
}
