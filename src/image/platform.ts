import { EngineError } from '../errors.ts';
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
  'wasi',
];
const ARCHITECTURES = [
  ...['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips', 'mipsle', 'mips64', 'mips64le'],
  ...['ppc64', 'ppc64le', 'riscv64', 's390x', 'wasm'],
];

/** Maps Node's and Bun's names of architectures to those of images. */
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

/** Throws `invalid` for an operating system or an architecture by a name that no image has. */
export function requireKnownPlatform({ os, architecture }: Platform): void {
  for (const [what, word, known] of [
    ['operating system', os, OPERATING_SYSTEMS],
    ['architecture', architecture, ARCHITECTURES],
  ] as const) {
    if (known.includes(word)) continue;
    throw new EngineError('invalid', `there is no ${what} "${word}"`, {
      subject: word,
      hint: `one of ${known.join(', ')}`,
    });
  }
}

/** `linux/amd64`, `linux/arm/v7`; what a platform does not say is `unknown`. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = normalise(platform);
  const words = [os || 'unknown', architecture || 'unknown'];
  return [...words, ...(variant === undefined ? [] : [variant])].join('/');
}

/**
 * How well an image for one platform suits who wants another: 0 is the very same, more is an older variant that the
 * processor also runs (arm v8 → v7 → v6 → v5, amd64 v3 → v2 → v1). Undefined: it does not run there.
 */
export function platformRank(offered: Platform, wanted: Platform): number | undefined {
  const [one, other] = [normalise(offered), normalise(wanted)];
  if (one.os !== other.os || one.architecture !== other.architecture) return undefined;
  const rank = runnableVariants(other).indexOf(one.variant);
  return rank === -1 ? undefined : rank;
}

/**
 * Whether an image may be called one for the wanted platform, by what its config says. Who wants no variant is content
 * with any; what the config leaves open (many say no variant, some nothing at all) contradicts nothing.
 */
export function platformMatches(offered: Platform, wanted: Platform): boolean {
  const [one, other] = [normalise(offered), normalise(wanted)];
  if (offered.os !== '' && one.os !== other.os) return false;
  if (offered.architecture !== '' && one.architecture !== other.architecture) return false;
  const open = offered.architecture === '' || offered.variant === undefined || wanted.variant === undefined;
  return open || runnableVariants(other).includes(one.variant);
}

/** Throws `notFound`, naming the image, unless {@link platformMatches}. */
export function requirePlatform(offered: Platform, wanted: Platform, image: string): void {
  if (platformMatches(offered, wanted)) return;
  throw new EngineError(
    'notFound',
    `image ${image} is for ${formatPlatform(offered)}, not for ${formatPlatform(wanted)}`,
    { subject: image },
  );
}

/** The variants that a processor of the given platform runs, best first; undefined is the architecture's baseline. */
function runnableVariants({ architecture, variant }: Platform): (string | undefined)[] {
  const number = Number(/^v(\d+)$/.exec(variant ?? '')?.[1] ?? Number.NaN);
  const down = (last: number): string[] =>
    Array.from({ length: Math.max(0, number - last + 1) }, (_, index) => `v${number - index}`);
  if (architecture === 'arm' && number <= 16) return down(5);
  if (architecture === 'amd64' && number <= 16) return [...down(2), undefined];
  if (architecture === 'arm64') return arm64Variants(variant);
  return variant === undefined ? [undefined] : [variant, undefined];
}

/**
 * Lists the variants that such a processor runs, best first. Each runs those after it: v9.1, v9, v8.6, …, v8.1, v8, as
 * v9.0 was made of v8.5.
 */
function arm64Variants(variant: string | undefined): (string | undefined)[] {
  const [, major, minor = '0'] = /^v([89])(?:\.(\d))?$/.exec(variant ?? 'v8') ?? [];
  if (major === undefined) return [variant, undefined];
  const down = (name: string, last: number): string[] =>
    Array.from({ length: last }, (_, index) => `${name}.${last - index}`);
  const nine = major === '9' ? [...down('v9', Number(minor)), 'v9'] : [];
  return [...nine, ...down('v8', Number(minor) + (major === '9' ? 5 : 0)), undefined];
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
