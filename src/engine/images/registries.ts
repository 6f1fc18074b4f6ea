import type { EngineError } from '../../errors.ts';
import { VERSION } from '../../host/version.ts';
import type { CredentialSource } from '../../registry/credential.ts';
import { CredentialFiles } from '../../registry/credentials.ts';
import { readRegistryFiles } from '../../registry/registry-files.ts';
import { RegistryRequests } from '../../registry/requests.ts';
import { Routes } from '../../registry/routes.ts';
import type { RequestInfo } from '../../registry/transport.ts';
import type { Context } from '../store/context.ts';

/** What one command wants besides. */
export interface ConnectOptions {
  /** Told of each request. */
  onRequest?: ((info: RequestInfo) => void) | undefined;
  /** Instead of those that are kept. */
  credentials?: CredentialSource | undefined;
  /** Further registries that may speak plain HTTP or show certificates that nobody vouches for. */
  insecure?: readonly string[];
}

/**
 * Makes the way to every registry, as files of this machine and of the user say, with the credentials that Docker's or
 * Podman's configuration holds. What of these cannot be used is told to `warn`, as are mirrors that fail. Throws as
 * {@link readRegistryFiles}.
 */
export async function connectRegistries(
  context: Context,
  warn: (problem: EngineError) => void,
  { onRequest, credentials, insecure = [] }: ConnectOptions = {},
): Promise<RegistryRequests> {
  const { environment } = context;
  const settings = await readRegistryFiles(environment);
  return new RegistryRequests({
    insecure: [...context.insecureRegistries, ...settings.daemon.insecure, ...insecure],
    routes: new Routes(settings),
    credentials: credentials ?? new CredentialFiles({ environment, warn }),
    warn,
    userAgent: `skiff/${VERSION}`,
    environment,
    onRequest,
  });
}
