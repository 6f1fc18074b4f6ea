import { describe, expect, test } from 'vitest';
import { chooseFromTree } from '../../../src/image/manifest-tree.ts';
import { hostPlatform, parsePlatform } from '../../../src/image/platform.ts';
import { type Descriptor, MediaType } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { Index } from '../../../src/oci/manifest.ts';
import type { Platform } from '../../../src/oci/platform.ts';

/** What lies behind descriptors, and the names of what was looked at. */
class Registry {
  readonly looks: string[] = [];
  readonly #indexes = new Map<string, Index>();
  readonly #platforms = new Map<string, Platform | undefined>();

  /** An image that is called `name`; `config` is what it says of itself. */
  image(name: string, platform?: string, config?: Platform): Descriptor {
    const descriptor = described(name, MediaType.ociManifest, platform);
    this.#platforms.set(name, config);
    return descriptor;
  }

  index(name: string, manifests: Descriptor[], platform?: string): Descriptor {
    this.#indexes.set(name, indexOf(...manifests));
    return described(name, MediaType.ociIndex, platform);
  }

  /** The name of what is chosen. */
  async choose(wanted: string, ...manifests: Descriptor[]): Promise<string> {
    const chosen = await chooseFromTree(indexOf(...manifests), parsePlatform(wanted), {
      index: async ({ annotations }) => this.#indexes.get(this.#look(annotations?.['name'])) ?? indexOf(),
      platform: async ({ annotations }) => this.#platforms.get(this.#look(annotations?.['name'])),
    });
    return chosen.annotations?.['name'] ?? '';
  }

  #look(name = ''): string {
    this.looks.push(name);
    return name;
  }
}

function described(name: string, mediaType: string, platform?: string): Descriptor {
  const [os = '', architecture = '', variant] = platform?.split('/') ?? [];
  return {
    mediaType,
    digest: digestOf(name),
    size: 1,
    platform: platform === undefined ? undefined : { os, architecture, variant },
    annotations: { name },
  };
}

function indexOf(...manifests: Descriptor[]): Index {
  return { kind: 'index', mediaType: MediaType.ociIndex, manifests };
}

/** Chooses from an index that lists such platforms. */
async function choose(wanted: string, offered: readonly string[]): Promise<string> {
  const registry = new Registry();
  return await registry.choose(
    wanted,
    ...offered.map((text, position) => registry.image(`${position}`, text)),
  );
}

describe('from an index', () => {
  test.each([
    ['linux/amd64', ['linux/arm64', 'linux/amd64'], '1'],
    ['linux/amd64', ['windows/amd64', 'linux/amd64'], '1'],
    ['linux/amd64', ['linux/amd64/v3', 'linux/amd64'], '1'],
    ['linux/amd64', ['linux/amd64/v3', 'linux/amd64/v1'], '1'],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], '1'],
    ['linux/amd64/v3', ['linux/amd64/v4', 'linux/amd64'], '1'],
    ['linux/arm/v8', ['linux/arm/v6', 'linux/arm/v7', 'linux/arm64'], '1'],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm64'], '1'],
    ['linux/arm/v7', ['linux/arm', 'linux/arm/v6'], '0'],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], '1'],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], '1'],
    ['linux/arm64/v9', ['linux/arm64', 'linux/arm64/v9'], '1'],
    ['linux/arm64/v9', ['linux/arm/v7', 'linux/aarch64'], '1'],
    ['linux/amd64', ['linux/amd64', 'linux/amd64'], '0'],
  ])('for %s from %j entry %s is taken', async (wanted, offered, position) => {
    expect(await choose(wanted, offered)).toBe(position);
  });

  test.each([
    ['linux/amd64', ['linux/amd64/v2']],
    ['linux/amd64', ['linux/386']],
    ['linux/arm64', ['linux/arm/v7']],
    ['linux/arm/v6', ['linux/arm/v7']],
  ])('for %s from %j nothing is taken', async (wanted, offered) => {
    await expect(choose(wanted, offered)).rejects.toMatchObject({ kind: 'notFound' });
  });

  test('what is offered is named, without attestations, when nothing suits', async () => {
    await expect(choose('s390x', ['linux/amd64', 'linux/arm/7', 'unknown/unknown'])).rejects.toThrow(
      'no image for platform linux/s390x: the index offers linux/amd64, linux/arm/v7',
    );
    await expect(choose('s390x', [])).rejects.toThrow('the index offers no platform at all');
  });

  test('an attestation is never taken, whatever platform it claims, nor what is no manifest', async () => {
    const registry = new Registry();
    const attestation = registry.image('attestation', 'linux/amd64');
    attestation.annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
    const foreign = { ...registry.image('foreign', 'linux/amd64'), mediaType: 'application/x' };
    const vague = { ...registry.image('image', 'linux/amd64'), mediaType: 'application/octet-stream' };
    expect(await registry.choose('linux/amd64', attestation, foreign, vague)).toBe('image');
  });
});

describe('among images that name no platform', () => {
  test('the only one is taken as it is', async () => {
    const registry = new Registry();
    const host = hostPlatform().architecture;
    expect(await registry.choose(host, registry.image('only'))).toBe('only');
    expect(registry.looks).toEqual([]);
  });

  test('the config decides', async () => {
    const registry = new Registry();
    const images = [
      registry.image('a signature'),
      registry.image('silent', undefined, { os: '', architecture: '' }),
      registry.image('arm', undefined, { os: 'linux', architecture: 'arm64' }),
      registry.image('old', undefined, { os: 'linux', architecture: 'amd64' }),
      registry.image('new', undefined, { os: 'linux', architecture: 'amd64', variant: 'v2' }),
      registry.image('later', undefined, { os: 'linux', architecture: 'amd64', variant: 'v2' }),
    ];
    expect(await registry.choose('linux/amd64/v2', ...images)).toBe('new');
    expect(registry.looks).toEqual(['a signature', 'silent', 'arm', 'old', 'new']);
    expect(await registry.choose('linux/s390x', ...images)).toBe('silent');
    await expect(registry.choose('linux/s390x', ...images.slice(2))).rejects.toThrow(
      'the index offers linux/arm64, linux/amd64, linux/amd64/v2',
    );
  });

  test('none is looked at when another says that it fits', async () => {
    const registry = new Registry();
    const open = registry.image('open', undefined, { os: 'linux', architecture: 'amd64', variant: 'v3' });
    expect(await registry.choose('linux/amd64/v3', open, registry.image('said', 'linux/amd64'))).toBe('said');
    expect(registry.looks).toEqual([]);
  });
});

describe('an index inside an index', () => {
  test('is looked into for what fits better', async () => {
    const registry = new Registry();
    const deep = registry.index('deep', [registry.image('v7', 'linux/arm/v7')]);
    const inner = registry.index('inner', [registry.image('v6', 'linux/arm/v6'), deep]);
    const top = [registry.image('v5', 'linux/arm/v5'), inner];
    expect(await registry.choose('linux/arm/v7', ...top)).toBe('v7');
    expect(await registry.choose('linux/arm/v6', ...top)).toBe('v6');
    expect(registry.looks).toEqual(['inner', 'deep', 'inner']);
  });

  test('is not read when something fits, or when it says that it is for something else', async () => {
    const registry = new Registry();
    const image = registry.image('image', 'linux/amd64');
    const inner = registry.index('inner', [image]);
    expect(await registry.choose('linux/amd64', inner, registry.image('first', 'linux/amd64'))).toBe('first');
    const other = registry.index('other', [image], 'linux/arm64');
    await expect(registry.choose('linux/amd64', other)).rejects.toThrow('the index offers linux/arm64');
    expect(registry.looks).toEqual([]);
  });

  test('gives its platform to entries that name none, and its attestations are skipped', async () => {
    const registry = new Registry();
    const attestation = registry.image('attestation', 'unknown/unknown');
    const arm = registry.index('arm', [registry.image('for arm')], 'linux/arm64');
    const amd = registry.index('amd', [attestation, registry.image('for amd')], 'linux/amd64');
    expect(await registry.choose('linux/amd64', arm, amd)).toBe('for amd');
  });

  test('is read once, however often it is named', async () => {
    const registry = new Registry();
    const inner = registry.index('inner', [registry.image('image', 'linux/arm64')]);
    await expect(registry.choose('linux/amd64', ...Array(100).fill(inner))).rejects.toThrow(
      'the index offers linux/arm64',
    );
    expect(registry.looks).toEqual(['inner']);
  });

  test('may stand eight levels high', async () => {
    const registry = new Registry();
    const tower = (levels: number): Descriptor =>
      levels === 1
        ? registry.index(`${levels}`, [registry.image('image', 'linux/amd64')])
        : registry.index(`${levels}`, [tower(levels - 1)]);
    expect(await registry.choose('linux/amd64', tower(7))).toBe('image');
    await expect(registry.choose('linux/amd64', tower(8))).rejects.toMatchObject({
      kind: 'unsupported',
      message: 'the index has more than 8 levels',
    });
  });

  test('is one of a few that are looked at', async () => {
    const registry = new Registry();
    const many = Array.from({ length: 1000 }, (_, number) => registry.index(`${number}`, []));
    await expect(registry.choose('linux/amd64', ...many)).rejects.toMatchObject({ kind: 'unsupported' });
    expect(registry.looks).toHaveLength(16);
  });
});
