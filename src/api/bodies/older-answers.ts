import { PREDEFINED_NETWORKS } from '../../engine/options/network.ts';
import type { Difference, Part } from './differences.ts';

/**
 * What versions of Docker's API show otherwise than the newest that is spoken, as its version history and moby's handlers have
 * it. A member that came with a version is not shown to earlier ones.
 */

const ENDPOINT: readonly Difference[] = [
  { at: 'NetworkSettings.Networks.*.DNSNames', before: 44 },
  { at: 'NetworkSettings.Networks.*.GwPriority', before: 48 },
];

export const CONTAINER: readonly Difference[] = [
  ...ENDPOINT,
  { at: 'NetworkSettings.Networks', before: 45, as: withShortIds },
  { at: 'HostConfig.KernelMemory', before: 42, as: () => 0 },
  { at: 'HostConfig.KernelMemoryTCP', before: 42, as: () => 0 },
  { at: 'HostConfig.Annotations', before: 43 },
  { at: 'HostConfig.Mounts.*.BindOptions.ReadOnlyNonRecursive', before: 44 },
  { at: 'HostConfig.Mounts.*.BindOptions.ReadOnlyForceRecursive', before: 44 },
  { at: 'Config.Healthcheck.StartInterval', before: 44 },
  { at: 'ImageManifestDescriptor', before: 48 },
];

export const LISTED_CONTAINER: readonly Difference[] = [
  ...ENDPOINT,
  { at: 'HostConfig.Annotations', before: 46 },
  { at: 'ImageManifestDescriptor', before: 48 },
];

const VIRTUAL_SIZE: Difference = { at: 'VirtualSize', before: 44, as: ({ Size }) => Size };

/** Names for what has none. */
const NAMES: readonly Difference[] = [
  { at: 'RepoDigests', before: 43, as: digestsOf },
  { at: 'RepoTags', before: 43, as: ({ RepoTags }) => (isEmpty(RepoTags) ? ['<none>:<none>'] : RepoTags) },
];

export const LISTED_IMAGE: readonly Difference[] = [
  ...NAMES,
  VIRTUAL_SIZE,
  { at: 'SharedSize', before: 42, as: () => -1 },
  { at: 'Containers', before: 51, as: () => -1 },
  { at: 'Manifests', before: 47 },
  { at: 'Descriptor', before: 48 },
];

/** What containers have, and images never: it was shown of these by its nothing. */
const OF_CONTAINERS: Part = {
  Hostname: '',
  Domainname: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: '',
};

/**
 * `ContainerConfig`, which went with 1.45, is shown by all versions: whatever version it speaks, compose 1.29 looks there for
 * the volumes of an image.
 */
export const IMAGE: readonly Difference[] = [
  VIRTUAL_SIZE,
  { at: 'Created', before: 44, as: ({ Created }) => Created || '0001-01-01T00:00:00Z' },
  { at: 'Container', before: 45, as: () => '' },
  { at: 'Manifests', before: 48 },
  { at: 'Descriptor', before: 48 },
  { at: 'Config', before: 50, as: ({ Config }) => ({ ...OF_CONTAINERS, ...(Config as Part) }) },
  { at: 'ContainerConfig', as: ({ Config }) => ({ ...OF_CONTAINERS, ...(Config as Part) }) },
];

export const DISK_USAGE: readonly Difference[] = [
  ...ENDPOINT.map((difference) => ({ ...difference, at: `Containers.*.${difference.at}` })),
  { at: 'Containers.*.HostConfig.Annotations', before: 46 },
  { at: 'Containers.*.ImageManifestDescriptor', before: 48 },
  ...[...NAMES, VIRTUAL_SIZE].map((difference) => ({ ...difference, at: `Images.*.${difference.at}` })),
  { at: 'BuildCache.*.Parent', before: 42, as: () => '' },
  { at: 'BuilderSize', before: 42, as: ({ BuildCache }) => sizeOf(BuildCache) },
];

export const NETWORK: readonly Difference[] = [{ at: 'EnableIPv4', before: 48 }];

export const LISTED_NETWORK: readonly Difference[] = [
  ...NETWORK,
  { at: 'Containers', from: 28, as: () => ({}) },
];

/** A commit of a program that was expected: the one that is there. */
const expected = (member: string): Difference => ({
  at: `${member}.Expected`,
  before: 49,
  as: ({ ID }) => ID,
});

export const INFO: readonly Difference[] = [
  { at: 'ExecutionDriver', before: 25, as: () => '<not supported>' },
  { at: 'SecurityOptions', before: 25, as: ({ SecurityOptions }) => namesOf(SecurityOptions as string[]) },
  { at: 'KernelMemory', before: 42, as: () => false },
  { at: 'KernelMemoryTCP', before: 42, as: () => false },
  { at: 'CDISpecDirs', before: 44 },
  { at: 'RegistryConfig.AllowNondistributableArtifactsCIDRs', before: 48, as: () => [] },
  { at: 'RegistryConfig.AllowNondistributableArtifactsHostnames', before: 48, as: () => [] },
  { at: 'RegistryConfig.AllowNondistributableArtifactsCIDRs', from: 48, before: 49, as: () => null },
  { at: 'RegistryConfig.AllowNondistributableArtifactsHostnames', from: 48, before: 49, as: () => null },
  { at: 'FirewallBackend', before: 49 },
  expected('ContainerdCommit'),
  expected('RuncCommit'),
  expected('InitCommit'),
  { at: 'BridgeNfIptables', before: 50, as: () => false },
  { at: 'BridgeNfIp6tables', before: 50, as: () => false },
];

/** On networks that somebody has made the short id, and the name of the host, were among the aliases. */
function withShortIds(settings: Part, { Id, Config }: Part): unknown {
  const own = [String(Id).slice(0, 12), (Config as Part)['Hostname']];
  const networks = Object.entries(settings['Networks'] as Record<string, Part>).map(([name, endpoint]) => {
    if (PREDEFINED_NETWORKS.includes(name)) return [name, endpoint];
    const aliases = [...((endpoint['Aliases'] ?? []) as readonly unknown[]), ...own];
    return [name, { ...endpoint, Aliases: [...new Set(aliases)] }];
  });
  return Object.fromEntries(networks);
}

function digestsOf({ RepoTags, RepoDigests }: Part): unknown {
  return isEmpty(RepoTags) && isEmpty(RepoDigests) ? ['<none>@<none>'] : RepoDigests;
}

function isEmpty(list: unknown): boolean {
  return (list as readonly string[]).length === 0;
}

function sizeOf(cache: unknown): number {
  return ((cache ?? []) as { Size: number }[]).reduce((sum, { Size }) => sum + Size, 0);
}

/** `name=seccomp,profile=builtin` → `seccomp` */
function namesOf(options: readonly string[]): string[] {
  return options.map((option) => /^name=([^,]*)/.exec(option)?.[1] ?? option);
}
