import { EngineError } from '../errors.ts';
import type { Credential, CredentialSource } from './credential.ts';
import { type CredentialsFile, credentialPaths, readCredentialsFile } from './credential-files.ts';
import { askCredentialHelper } from './credential-helper.ts';

/** Under which names Docker Hub's credentials are kept. */
const DOCKER_HUB_KEYS = [
  'https://index.docker.io/v1/',
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
];

/**
 * Credentials as Docker and Podman left them, see {@link credentialPaths}. In each file the helper of the registry,
 * then the store, then `auths` is asked. Files are read when first needed, and each helper is asked once for a key.
 * What does not work is told to `warn` and passed over: a public image needs none of it.
 */
export class CredentialFiles implements CredentialSource {
  readonly #environment: Readonly<NodeJS.ProcessEnv>;
  readonly #warn: (problem: EngineError) => void;
  readonly #uid: number;
  readonly #answers = new Map<string, Promise<Credential | undefined>>();
  #files: Promise<CredentialsFile[]> | undefined;

  constructor(options: {
    environment: Readonly<NodeJS.ProcessEnv>;
    warn: (problem: EngineError) => void;
    uid?: number;
  }) {
    this.#environment = options.environment;
    this.#warn = options.warn;
    this.#uid = options.uid ?? process.getuid?.() ?? 0;
  }

  async find({ domain, path }: { domain: string; path: string }): Promise<Credential | undefined> {
    this.#files ??= this.#readAll();
    for (const file of await this.#files) {
      const found = (await this.#fromHelper(file, domain)) ?? this.#fromEntries(file, { domain, path });
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #readAll(): Promise<CredentialsFile[]> {
    const paths = credentialPaths(this.#environment, this.#uid);
    const files = await Promise.all(
      paths.map((path) => readCredentialsFile(path).catch((error: unknown) => this.#passOver(error))),
    );
    return files.filter((file) => file !== undefined);
  }

  async #fromHelper(file: CredentialsFile, domain: string): Promise<Credential | undefined> {
    const keys = registryKeys(domain);
    const own = keys
      .map((key) => file.credHelpers[key])
      .find((name) => typeof name === 'string' && name !== '');
    const helper = typeof own === 'string' ? own : file.credsStore;
    if (helper === undefined) return undefined;
    const key = keys[0] ?? domain;
    const question = `${helper} ${key}`;
    let answer = this.#answers.get(question);
    if (answer === undefined) {
      answer = askCredentialHelper(helper, key, this.#environment).catch((error: unknown) =>
        this.#passOver(error),
      );
      this.#answers.set(question, answer);
    }
    return await answer;
  }

  #fromEntries(file: CredentialsFile, repository: { domain: string; path: string }): Credential | undefined {
    const key = chooseKey(Object.keys(file.auths), repository);
    if (key === undefined) return undefined;
    try {
      return readEntry(file.auths[key], file.path, key);
    } catch (error) {
      return this.#passOver(error);
    }
  }

  #passOver(error: unknown): undefined {
    if (!(error instanceof EngineError)) throw error;
    this.#warn(error);
  }
}

/** The names under which credentials of a registry may be kept, the one that Docker uses today first. */
export function registryKeys(domain: string): string[] {
  return domain === 'docker.io' ? DOCKER_HUB_KEYS : [domain, `https://${domain}`, `http://${domain}`];
}

/**
 * Chooses the entry of `auths` that is meant for a repository: the longest namespace that it lies in, then the registry
 * as a whole (containers-auth.json(5)), then what older tools wrote, such as `https://registry.example/v1/`.
 */
export function chooseKey(
  names: readonly string[],
  { domain, path }: { domain: string; path: string },
): string | undefined {
  const parts = path.split('/');
  const namespaces = parts.map((_, index) => [domain, ...parts.slice(0, parts.length - index)].join('/'));
  const hosts = registryKeys(domain);
  return (
    [...namespaces, ...hosts].find((key) => names.includes(key)) ??
    names.find((name) => /^https?:\/\//.test(name) && hosts.includes(hostOf(name)))
  );
}

function hostOf(name: string): string {
  return name.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
}

function readEntry(value: unknown, path: string, key: string): Credential | undefined {
  const broken = new EngineError('invalid', `credentials for ${key} in ${path} cannot be read`, {
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
