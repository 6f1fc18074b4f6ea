import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Index } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';

/* The rules are those of github.com/containerd/platforms, without its OS versions. */
const OPERATING_SYSTEMS = [
  'linux',
  'windows',
  'darwin',
  'freebsd',
  'netbsd',
  'openbsd',
  'solaris',
  'illumos',
];
const ARCHITECTURES = [
  ...['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips', 'mipsle', 'mips64', 'mips64le'],
  ...['ppc64', 'ppc64le', 'riscv64', 's390x', 'wasm'],
];

/** What Node and Bun call an architecture → what images call it. */
const OF_RUNTIME: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
};

/** The platform of this machine, normalised: `linux`/`amd64`, or `linux`/`arm`/`v7`. */
export function hostPlatform(): Platform {
  const { arch, machine } = process.getBuiltinModule('node:os');
  const name = arch();
  const variant = name === 'arm' ? /^armv(\d)/.exec(machine())?.[1] : undefined;
  // A 64-bit processor under a 32-bit userland runs what an ARMv7 runs.
  return normalise({
    os: 'linux',
    architecture: OF_RUNTIME[name] ?? name,
    variant: variant === '8' ? '7' : variant,
  });
}

/**
 * Reads `os/architecture/variant`, `os/architecture`, or one of an operating system and an architecture alone (the
 * rest is the host's), with the usual aliases: `x86_64`, `aarch64`, `armhf`. Throws `invalid`.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const [first = '', second, third] = parts;
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) throw invalid(text);
  if (second !== undefined) return normalise({ os: first, architecture: second, variant: third });
  const host = hostPlatform();
  const asSystem = normaliseSystem(first);
  if (OPERATING_SYSTEMS.includes(asSystem)) return { ...host, os: asSystem };
  const platform = normalise({ os: host.os, architecture: first });
  if (ARCHITECTURES.includes(platform.architecture)) return platform;
  throw invalid(text);
}

/** `linux/amd64`, `linux/arm/v7`. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = normalise(platform);
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/**
 * Chooses the manifest that suits `wanted` best: the same variant, else the newest older one that the processor also
 * runs (arm v7 → v6 → v5, amd64 v3 → v2 → v1). The first of equals wins. Attestations are no images and are skipped;
 * an index whose only image names no platform offers that one. Throws `notFound`, naming what is offered.
 */
export function selectManifest(index: Index, wanted: Platform): Descriptor {
  const images = index.manifests.filter((entry) => !isAttestation(entry));
  const goal = normalise(wanted);
  for (const variant of runnableVariants(goal)) {
    const found = images.find(
      ({ platform }) => platform !== undefined && matches(platform, { ...goal, variant }),
    );
    if (found !== undefined) return found;
  }
  const [only] = images;
  if (only !== undefined && images.length === 1 && only.platform === undefined) return only;
  const offered = new Set(images.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : [])));
  const list = offered.size === 0 ? 'no platform at all' : [...offered].join(', ');
  throw new EngineError(
    'notFound',
    `no image for platform ${formatPlatform(wanted)}: the index offers ${list}`,
    {
      subject: formatPlatform(wanted),
    },
  );
}

/** Whether an image for one platform is exactly what was wanted. A wish without a variant is content with any. */
export function platformMatches(offered: Platform, wanted: Platform): boolean {
  const [one, other] = [normalise(offered), normalise(wanted)];
  const sameVariant = wanted.variant === undefined || one.variant === other.variant;
  return one.os === other.os && one.architecture === other.architecture && sameVariant;
}

/** The variants that a processor of the given platform runs, best first; undefined is the architecture's baseline. */
function runnableVariants({ architecture, variant }: Platform): (string | undefined)[] {
  const number = Number(/^v(\d+)$/.exec(variant ?? '')?.[1] ?? Number.NaN);
  const down = (last: number): string[] =>
    Array.from({ length: Math.max(0, number - last + 1) }, (_, index) => `v${number - index}`);
  if (architecture === 'arm' && number <= 16) return down(5);
  if (architecture === 'amd64' && number <= 16) return [...down(2), undefined];
  return variant === undefined ? [undefined] : [variant, undefined];
}

function matches(offered: Platform, wanted: Platform): boolean {
  const { os, architecture, variant } = normalise(offered);
  return os === wanted.os && architecture === wanted.architecture && variant === wanted.variant;
}

/** BuildKit stores provenance beside the images, under a platform that no machine has. */
function isAttestation({ platform, annotations }: Descriptor): boolean {
  return (
    annotations?.['vnd.docker.reference.type'] === 'attestation-manifest' ||
    (platform?.os === 'unknown' && platform.architecture === 'unknown')
  );
}

function normaliseSystem(os: string): string {
  const lower = os.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

function normalise(platform: Platform): Platform {
  const { architecture, variant } = normaliseArchitecture(
    platform.architecture.toLowerCase(),
    (platform.variant ?? '').toLowerCase(),
  );
  const os = normaliseSystem(platform.os);
  return variant === '' ? { os, architecture } : { os, architecture, variant };
}

function normaliseArchitecture(name: string, variant: string): { architecture: string; variant: string } {
  switch (name) {
    case 'i386':
      return { architecture: '386', variant: '' };
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return { architecture: 'amd64', variant: variant === 'v1' ? '' : variant };
    case 'aarch64':
    case 'arm64': {
      const version = /^v?(\d+)(?:\.0)?$/.exec(variant)?.[1];
      return { architecture: 'arm64', variant: version === '8' ? '' : version ? `v${version}` : variant };
    }
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' };
    case 'armel':
      return { architecture: 'arm', variant: 'v6' };
    case 'arm':
      return { architecture: 'arm', variant: variant === '' ? 'v7' : variant.replace(/^(?=\d)/, 'v') };
    default:
      return { architecture: name, variant };
  }
}

function invalid(text: string): EngineError {
  return new EngineError('invalid', `platform "${text}" is not valid`, {
    hint: 'write it as os/architecture[/variant], for example linux/arm64',
    subject: text,
  });
}
