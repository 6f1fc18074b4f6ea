import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { unlessMissing } from '../host/missing.ts';
import { writeOwnFile } from '../host/own-file.ts';
import { randomHex } from '../host/random.ts';
import type { Credential } from './credential.ts';
import {
  type CredentialsFile,
  credentialPaths,
  dockerConfigPath,
  readCredentialsFile,
} from './credential-files.ts';
import { eraseFromCredentialHelper, tellCredentialHelper } from './credential-helper.ts';
import { registryKeys } from './credentials.ts';

/** Where a credential is kept. */
export interface KeptCredential {
  /** The file that says where it is. */
  path: string;
  /** The helper that keeps it; undefined: the file itself, in clear text. */
  helper: string | undefined;
}

/** Who logs in, and with what variables that say where credentials lie. */
interface Owner {
  environment: Readonly<NodeJS.ProcessEnv>;
  uid: number;
}

/**
 * Tells where a new credential for a registry would be kept: where an older one is, so that it does not hide the new one;
 * else in the file that REGISTRY_AUTH_FILE names, or Docker's. Throws `invalid` for a file that cannot be understood.
 */
export async function placeForCredential(domain: string, owner: Owner): Promise<KeptCredential> {
  const keys = registryKeys(domain);
  for (const path of credentialPaths(owner.environment, owner.uid)) {
    const file = await readCredentialsFile(path);
    if (file === undefined) continue;
    if (keys.some((key) => Object.hasOwn(file.auths, key) || Object.hasOwn(file.credHelpers, key)))
      return { path, helper: helperOf(file, keys) };
  }
  const path = owner.environment.REGISTRY_AUTH_FILE || dockerConfigPath(owner.environment);
  const file = await readCredentialsFile(path);
  return { path, helper: file && helperOf(file, keys) };
}

function helperOf({ credHelpers, credsStore }: CredentialsFile, keys: readonly string[]): string | undefined {
  const own = keys.map((key) => credHelpers[key]).find((name) => typeof name === 'string' && name !== '');
  return typeof own === 'string' ? own : credsStore;
}

/** Keeps a credential at its place. Throws what the helper throws, and `unavailable` when the file cannot be written. */
export async function keepCredential(
  { path, helper }: KeptCredential,
  domain: string,
  credential: Credential,
  { environment }: Pick<Owner, 'environment'>,
): Promise<void> {
  const [key = domain, ...others] = registryKeys(domain);
  if (helper !== undefined) await tellCredentialHelper(helper, key, credential, environment);
  changeAuths(path, (auths) => {
    for (const other of others) delete auths[other];
    auths[key] = helper === undefined ? entryOf(credential) : {};
  });
}

/**
 * Forgets the credentials for a registry, wherever they are kept; false when there were none. Throws what helpers throw, and
 * `unavailable` when a file cannot be written.
 */
export async function forgetCredentials(domain: string, { environment, uid }: Owner): Promise<boolean> {
  const keys = registryKeys(domain);
  let known = false;
  for (const path of credentialPaths(environment, uid)) {
    const file = await readCredentialsFile(path);
    if (file === undefined) continue;
    const helper = helperOf(file, keys);
    const named = keys.filter((key) => Object.hasOwn(file.auths, key));
    if (helper !== undefined) await eraseFromCredentialHelper(helper, keys[0] ?? domain, environment);
    if (named.length === 0) continue;
    known = true;
    changeAuths(path, (auths) => {
      for (const key of named) delete auths[key];
    });
  }
  return known;
}

function entryOf(credential: Credential): object {
  if ('identityToken' in credential) return { identitytoken: credential.identityToken };
  return { auth: Buffer.from(`${credential.username}:${credential.password}`).toString('base64') };
}

/** Changes `auths` of a file and leaves the rest of it as it is; a link to it stays one. Only its owner may read it. */
function changeAuths(path: string, change: (auths: Record<string, unknown>) => void): void {
  try {
    const file = unlessMissing(() => realpathSync(path)) ?? path;
    const text = unlessMissing(() => readFileSync(file, 'utf8'));
    const document = (text === undefined ? {} : JSON.parse(text)) as Record<string, unknown>;
    const isOld = file.endsWith('.dockercfg');
    const auths = (isOld ? document : (document['auths'] ?? {})) as Record<string, unknown>;
    change(auths);
    if (!isOld) document['auths'] = auths;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const draft = join(dirname(file), `.${randomHex(6)}`);
    try {
      writeOwnFile(draft, `${JSON.stringify(document, undefined, '\t')}\n`, 0o600);
      renameSync(draft, file);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The parser's message quotes the text, and the text holds passwords.
    throw new EngineError(
      'unavailable',
      `credentials file ${path} cannot be written (${code ?? 'it is no JSON'})`,
      {
        subject: path,
      },
    );
  }
}
