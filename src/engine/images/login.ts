import { EngineError } from '../../errors.ts';
import { parseReference } from '../../image/reference.ts';
import type { Credential } from '../../registry/credential.ts';
import {
  forgetCredentials,
  type KeptCredential,
  keepCredential,
  placeForCredential,
} from '../../registry/credential-writer.ts';
import { CredentialFiles } from '../../registry/credentials.ts';
import type { RequestInfo } from '../../registry/transport.ts';
import type { Context } from '../store/context.ts';
import { connectRegistries } from './registries.ts';

export interface CheckLoginOptions {
  /** Told of each request. */
  onRequest?: ((info: RequestInfo) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface LoginOptions extends CheckLoginOptions {
  /** Called once the registry has let us in, before anything is kept: where it will be. */
  keeping?: (place: KeptCredential) => void;
}

/** Use cases of credentials. `domain` is a registry's, as `registryOf` returns it. */
export interface Logins {
  /** Returns the credential that is kept for a registry; what cannot be used is told to `warn`. */
  find(domain: string, warn: (problem: EngineError) => void): Promise<Credential | undefined>;
  /** Keeps a credential that the registry takes. Throws `unauthorized` when it does not. */
  login(domain: string, credential: Credential, options: LoginOptions): Promise<void>;
  /** Asks a registry whether it takes a credential; nothing is kept. Throws `unauthorized` when it does not. */
  check(domain: string, credential: Credential, options: CheckLoginOptions): Promise<void>;
  /** Forgets the credentials for a registry; false when there were none. */
  logout(domain: string): Promise<boolean>;
}

/** The registry that a user means: `docker.io` for nothing, and for the addresses that Docker Hub has had. */
export function registryOf(server: string | undefined): string {
  const name = (server ?? '').replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  if (name === '' || HUB.has(name)) return 'docker.io';
  try {
    const { domain } = parseReference(`${name}/x`);
    if (domain === name) return domain;
  } catch {
    // Said below.
  }
  throw new EngineError('invalid', `"${server}" is no registry`, {
    subject: server ?? '',
    hint: 'write host or host:port, as in the names of its images',
  });
}

const HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);

/**
 * Asks a registry whether it takes a credential, and keeps it then for all later commands. Throws `unauthorized` when the
 * registry refuses it, and nothing is kept.
 */
export async function login(
  context: Context,
  domain: string,
  credential: Credential,
  { keeping, ...options }: LoginOptions = {},
): Promise<void> {
  const owner = ownerOf(context);
  const place = await placeForCredential(domain, owner);
  await checkLogin(context, domain, credential, options);
  keeping?.(place);
  await keepCredential(place, domain, credential, owner);
}

/** Asks a registry whether it takes a credential. Throws `unauthorized` when it does not. */
export async function checkLogin(
  context: Context,
  domain: string,
  credential: Credential,
  { onRequest, signal }: CheckLoginOptions = {},
): Promise<void> {
  const requests = await connectRegistries(context, () => {}, {
    credentials: { find: async () => credential },
    onRequest,
  });
  const who = 'username' in credential ? credential.username : 'an earlier login';
  await requests.login(domain, who, signal);
}

/** Returns the credential that is kept for a registry. */
export async function keptCredential(
  { environment }: Context,
  domain: string,
  warn: (problem: EngineError) => void,
): Promise<Credential | undefined> {
  return await new CredentialFiles({ environment, warn }).find({ domain, path: '' });
}

/** Forgets the credentials for a registry; false when there were none. */
export async function logout(context: Context, domain: string): Promise<boolean> {
  return await forgetCredentials(domain, ownerOf(context));
}

function ownerOf({ environment }: Context): { environment: Context['environment']; uid: number } {
  return { environment, uid: process.getuid?.() ?? 0 };
}
