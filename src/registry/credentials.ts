import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';

/** What a user has for a registry: a name with a password, or a token that stands for an earlier login. */
export type Credential = { username: string; password: string } | { identityToken: string };

/** Where the client asks for credentials, by the registry's domain (`docker.io`, `localhost:5000`). */
export interface CredentialSource {
  find(domain: string): Promise<Credential | undefined>;
}

/** One credentials file (docker-login(1), containers-auth.json(5)), read as far as it concerns reading images. */
interface CredentialsFile {
  path: string;
  auths: Readonly<Record<string, unknown>>;
  credHelpers: Readonly<Record<string, unknown>>;
  credsStore: string | undefined;
}

const HELPER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const HELPER_TIMEOUT = 30_000;
/** Under which names Docker Hub's credentials are kept. */
const DOCKER_HUB_KEYS = [
  'https://index.docker.io/v1/',
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
];

/**
 * Credentials as Docker and Podman left them: `$DOCKER_CONFIG/config.json` when that is set, else
 * `$XDG_RUNTIME_DIR/containers/auth.json` and then `~/.docker/config.json`. In each file the helper of the registry,
 * then the store, then `auths` is asked. Files are read when first needed.
 */
export class CredentialFiles implements CredentialSource {
  readonly #paths: readonly string[];
  #files: Promise<CredentialsFile[]> | undefined;

  constructor(environment: Readonly<Record<string, string | undefined>> = process.env) {
    this.#paths = credentialPaths(environment);
  }

  /** Throws `invalid` for a file or an entry that makes no sense, `unavailable` for a helper that does not work. */
  async find(domain: string): Promise<Credential | undefined> {
    this.#files ??= readAll(this.#paths);
    for (const file of await this.#files) {
      const found = await findIn(file, domain);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function credentialPaths(environment: Readonly<Record<string, string | undefined>>): string[] {
  if (environment.DOCKER_CONFIG) return [join(environment.DOCKER_CONFIG, 'config.json')];
  const paths = [join(environment.HOME || homedir(), '.docker/config.json')];
  if (environment.XDG_RUNTIME_DIR) paths.unshift(join(environment.XDG_RUNTIME_DIR, 'containers/auth.json'));
  return paths;
}

async function readAll(paths: readonly string[]): Promise<CredentialsFile[]> {
  const files = await Promise.all(paths.map(readCredentials));
  return files.filter((file) => file !== undefined);
}

async function readCredentials(path: string): Promise<CredentialsFile | undefined> {
  try {
    const document = record(JSON.parse(await readFile(path, 'utf8')));
    const { credsStore } = document;
    return {
      path,
      auths: record(document.auths ?? {}),
      credHelpers: record(document.credHelpers ?? {}),
      credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    // The parser's message quotes the text, and the text holds passwords: it is not passed on as a cause.
    const problem =
      code === undefined ? 'is not a JSON object of the expected form' : `cannot be read (${code})`;
    throw new EngineError('invalid', `credentials file ${path} ${problem}`, { subject: path });
  }
}

async function findIn(file: CredentialsFile, domain: string): Promise<Credential | undefined> {
  const keys = domain === 'docker.io' ? DOCKER_HUB_KEYS : [domain, `https://${domain}`, `http://${domain}`];
  const own = keys
    .map((key) => file.credHelpers[key])
    .find((name) => typeof name === 'string' && name !== '');
  const helper = typeof own === 'string' ? own : file.credsStore;
  if (helper !== undefined) {
    const found = await askHelper(helper, keys[0] ?? domain);
    if (found !== undefined) return found;
  }
  const entries = Object.entries(file.auths);
  const [, entry] =
    keys.map((key) => entries.find(([name]) => name === key)).find((found) => found !== undefined) ??
    entries.find(([name]) => keys.includes(hostOf(name))) ??
    [];
  return entry === undefined ? undefined : readEntry(entry, file.path, domain);
}

/** `https://registry.example/v1/` → `registry.example`: how older tools wrote the names. */
function hostOf(name: string): string {
  return name.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
}

function readEntry(value: unknown, path: string, domain: string): Credential | undefined {
  const broken = new EngineError('invalid', `credentials for ${domain} in ${path} cannot be read`, {
    subject: path,
  });
  if (typeof value !== 'object' || value === null) throw broken;
  const { identitytoken, auth, username, password } = value as Record<string, unknown>;
  if (typeof identitytoken === 'string' && identitytoken !== '') return { identityToken: identitytoken };
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString().replace(/\0+$/, '');
    const colon = text.indexOf(':');
    if (colon < 1) throw broken;
    return { username: text.slice(0, colon), password: text.slice(colon + 1) };
  }
  if (typeof username === 'string' && username !== '' && typeof password === 'string')
    return { username, password };
  return undefined;
}

/** Asks `docker-credential-NAME get` (docker/docker-credential-helpers); undefined when it knows nothing. */
async function askHelper(name: string, key: string): Promise<Credential | undefined> {
  const program = `docker-credential-${name}`;
  if (!HELPER_NAME.test(name)) throw new EngineError('invalid', `"${name}" cannot name a credential helper`);
  const { code, output } = await run(program, key);
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw new EngineError('unavailable', `${program} failed with exit code ${code}`, { subject: program });
  }
  try {
    const { Username, Secret } = record(JSON.parse(output));
    if (typeof Username !== 'string' || typeof Secret !== 'string') throw new TypeError('not a credential');
    if (Username === '' && Secret === '') return undefined;
    return Username === '<token>' ? { identityToken: Secret } : { username: Username, password: Secret };
  } catch {
    throw new EngineError('invalid', `${program} gave an answer that is not a credential`, {
      subject: program,
    });
  }
}

function run(program: string, input: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: HELPER_TIMEOUT });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > 1_048_576) child.kill('SIGKILL');
    });
    child.on('close', (code) => resolve({ code, output }));
    child.on('error', (cause) => {
      const hint = 'install it, or remove it from credsStore and credHelpers in the credentials file';
      reject(new EngineError('unavailable', `cannot run ${program}`, { subject: program, hint, cause }));
    });
    // A helper that does not read its input is told by its exit code, not by a broken pipe.
    child.stdin.on('error', () => {});
    child.stdin.end(`${input}\n`);
  });
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new TypeError('not an object');
}
