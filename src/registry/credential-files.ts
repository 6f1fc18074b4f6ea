import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';

/** A credentials file (docker-login(1), containers-auth.json(5)), read as far as it concerns reading images. */
export interface CredentialsFile {
  path: string;
  auths: Readonly<Record<string, unknown>>;
  credHelpers: Readonly<Record<string, unknown>>;
  credsStore: string | undefined;
}

/**
 * Lists the files that may hold credentials, in the order in which Podman reads them (containers-auth.json(5),
 * podman-login(1)): the one that `REGISTRY_AUTH_FILE` names, or else `DOCKER_CONFIG`'s, or else the one that lasts
 * until the next boot; then the user's own; then Docker's, those of its first versions last.
 */
export function credentialPaths(environment: Readonly<NodeJS.ProcessEnv>, uid: number): string[] {
  const home = homeOf(environment);
  const docker = dockerConfigPath(environment);
  const untilReboot = environment.XDG_RUNTIME_DIR
    ? join(environment.XDG_RUNTIME_DIR, 'containers/auth.json')
    : `/run/containers/${uid}/auth.json`;
  const primary = environment.REGISTRY_AUTH_FILE || (environment.DOCKER_CONFIG ? docker : untilReboot);
  const own = join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'containers/auth.json');
  return [...new Set([primary, own, docker, join(home, '.dockercfg')])];
}

/** Docker's configuration of the user. */
export function dockerConfigPath(environment: Readonly<NodeJS.ProcessEnv>): string {
  return join(environment.DOCKER_CONFIG || join(homeOf(environment), '.docker'), 'config.json');
}

function homeOf({ HOME }: Readonly<NodeJS.ProcessEnv>): string {
  return HOME || homedir();
}

/**
 * Reads one file; undefined when there is none. Throws `invalid` for a file that cannot be read or understood, without
 * quoting it.
 */
export async function readCredentialsFile(path: string): Promise<CredentialsFile | undefined> {
  try {
    const document = record(JSON.parse(await readFile(path, 'utf8')));
    if (path.endsWith('.dockercfg')) return { path, auths: document, credHelpers: {}, credsStore: undefined };
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

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new TypeError('not an object');
}
