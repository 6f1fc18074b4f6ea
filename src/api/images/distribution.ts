import type { Call } from '../http/call.ts';
import { registryAuth } from '../http/registry-auth.ts';

/** DistributionInspect: what the registry has under a name. */
export async function inspectDistribution({ engine, path, request, reply, signal }: Call): Promise<void> {
  const { descriptor, platforms } = await engine.manifests.describe(path.name ?? '', {
    insecure: false,
    warn: () => {},
    credentials: registryAuth(request),
    signal,
  });
  reply.json({
    Descriptor: { mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size },
    Platforms: platforms,
  });
}
