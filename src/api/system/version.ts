import { VERSION } from '../../host/version.ts';
import { hostPlatform } from '../../image/platform.ts';
import type { Call } from '../http/call.ts';
import { NEWEST_VERSION, OLDEST_VERSION } from '../http/version.ts';

export async function version({ engine, reply }: Call): Promise<void> {
  const { kernel } = await engine.info();
  reply.json(versionObject(kernel));
}

/** What Docker tells of how it was built. */
const NOT_TOLD = { GitCommit: '', GoVersion: '', BuildTime: '' };

/**
 * Docker's SystemVersion. Clients compare `Version` with Docker's releases: it is skiff's own all the same. `Arch` as images
 * say it, not as `info`.
 */
export function versionObject(kernel: string): object {
  const [apiVersion, minimum] = [`1.${NEWEST_VERSION}`, `1.${OLDEST_VERSION}`];
  const shared = { Os: 'linux', Arch: hostPlatform().architecture, KernelVersion: kernel };
  return {
    Platform: { Name: 'skiff' },
    Components: [
      {
        Name: 'Engine',
        Version: VERSION,
        Details: {
          ...shared,
          ...NOT_TOLD,
          ApiVersion: apiVersion,
          MinAPIVersion: minimum,
          Experimental: 'false',
        },
      },
    ],
    Version: VERSION,
    ApiVersion: apiVersion,
    MinAPIVersion: minimum,
    ...NOT_TOLD,
    ...shared,
  };
}
