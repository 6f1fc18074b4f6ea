import { VERSION } from '../host/version.ts';
import { RegistryClient } from '../registry/client.ts';
import { CredentialFiles } from '../registry/credentials.ts';
import type { Context } from './context.ts';

/** A client for every registry, with the credentials that Docker's or Podman's configuration holds. */
export function connectRegistries(context: Context): RegistryClient {
  return new RegistryClient({
    insecure: context.insecureRegistries,
    credentials: new CredentialFiles(context.environment),
    userAgent: `skiff/${VERSION}`,
    environment: context.environment,
  });
}
