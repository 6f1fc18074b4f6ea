import type { EngineError } from '../../errors.ts';
import { VERSION } from '../../host/version.ts';
import { CredentialFiles } from '../../registry/credentials.ts';
import { RegistryRequests } from '../../registry/requests.ts';
import type { RequestInfo } from '../../registry/transport.ts';
import type { Context } from '../store/context.ts';

/**
 * Makes the way to every registry, with the credentials that Docker's or Podman's configuration holds; what of these
 * cannot be used is told to `warn`, each request to `onRequest`.
 */
export function connectRegistries(
  context: Context,
  warn: (problem: EngineError) => void,
  onRequest?: (info: RequestInfo) => void,
): RegistryRequests {
  const { environment } = context;
  return new RegistryRequests({
    insecure: context.insecureRegistries,
    credentials: new CredentialFiles({ environment, warn }),
    userAgent: `skiff/${VERSION}`,
    environment,
    onRequest,
  });
}
