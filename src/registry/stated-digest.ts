import { EngineError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { printable } from './errors.ts';
import type { HttpResponse } from './transport.ts';

/**
 * Checks that a registry knows what it was sent by its digest (`Docker-Content-Digest`). Throws `invalid` when it names
 * another one; digests of other algorithms say nothing.
 */
export function checkStatedDigest(
  response: HttpResponse,
  { domain, object, digest }: { domain: string; object: string; digest: Digest },
): void {
  const stated = response.header('docker-content-digest');
  if (stated?.startsWith('sha256:') !== true || stated === digest) return;
  const message = `registry ${domain} took ${object} as ${printable(stated)} instead of ${digest}`;
  throw new EngineError('invalid', message, { subject: object });
}
