import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchEntry } from '../../../../src/engine/manifests/fetch.ts';
import { inspectDocument, inspectVerbosely } from '../../../../src/engine/manifests/inspect.ts';
import type { Context } from '../../../../src/engine/store/context.ts';
import { storePaths } from '../../../../src/host/paths.ts';
import { parseReference } from '../../../../src/image/reference.ts';
import { MediaType } from '../../../../src/oci/descriptor.ts';
import type { Digest } from '../../../../src/oci/digest.ts';
import { RegistryClient } from '../../../../src/registry/client.ts';
import { RegistryRequests } from '../../../../src/registry/requests.ts';
import { faults, type HostileRegistry, startHostileRegistry } from '../../../helpers/hostile-registry.ts';

/** Nothing was made here. */
const context = { paths: storePaths('/nonexistent') } as Context;

let registry: HostileRegistry;
beforeEach(async () => {
  registry = await startHostileRegistry();
});
afterEach(() => registry.stop());

function asking() {
  const retry = { attempts: 1, firstPause: 1, longestPause: 1 };
  const requests = new RegistryRequests({
    insecure: [],
    userAgent: 'test',
    certificateDirectories: [],
    retry,
  });
  return { client: new RegistryClient(requests), signal: undefined };
}

const app = (tag = '1') => parseReference(`${registry.host}/app:${tag}`);

const OTHER = JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [], other: 1 });

function addImage(tag: string, platform: object): { mediaType: string; digest: string; size: number } {
  const config = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'arm',
      ...platform,
      rootfs: { type: 'layers', diff_ids: [] },
    }),
  );
  const described = { ...registry.addBlob(config), mediaType: MediaType.ociConfig };
  const mediaType = MediaType.ociManifest;
  const body = JSON.stringify({ schemaVersion: 2, mediaType, config: described, layers: [] });
  return {
    mediaType,
    digest: registry.addManifest('app', tag, { type: mediaType, body }),
    size: body.length,
  };
}

function addIndex(manifests: readonly object[], members: object = {}): string {
  const mediaType = MediaType.ociIndex;
  const body = JSON.stringify({ schemaVersion: 2, mediaType, manifests, ...members });
  return registry.addManifest('app', '1', { type: mediaType, body });
}

describe("a registry's document", () => {
  it('is shown as it is, with members that nobody here knows', async () => {
    const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [], unheard: ['of', 1] };
    addIndex([], { unheard: ['of', 1] });
    expect(await inspectDocument(context, app(), asking())).toEqual({ document: index, isIndex: true });
  });

  it('is not shown when it is not what was asked for, and when it is too large', async () => {
    const digest = addIndex([]) as Digest;
    const byDigest = { ...app(), tag: undefined, digest };
    registry.misbehave(/manifests/, faults.redirect('/v2/app/manifests/other'), 1);
    registry.addManifest('app', 'other', { type: MediaType.ociIndex, body: OTHER });
    await expect(inspectDocument(context, byDigest, asking())).rejects.toThrow(`instead of ${digest}`);
    registry.misbehave(/manifests/, faults.lie({ 'docker-content-digest': `sha256:${'0'.repeat(64)}` }), 1);
    await expect(inspectDocument(context, app(), asking())).rejects.toThrow('instead of sha256:0');
    addIndex([], { padding: 'x'.repeat(5 * 1024 * 1024) });
    await expect(inspectDocument(context, app(), asking())).rejects.toThrow('is larger than 4194304 bytes');
  });
});

describe('inspection with all that is known', () => {
  it('takes the platform of a single image from its config', async () => {
    const { digest, size } = addImage('1', { variant: 'v7', 'os.version': '10' });
    expect(await inspectVerbosely(context, app(), asking())).toMatchObject({
      Ref: `${registry.host}/app:1`,
      Descriptor: { digest, size, platform: { architecture: 'arm', variant: 'v7', 'os.version': '10' } },
      OCIManifest: { schemaVersion: 2 },
    });
  });

  it('shows what stands in an index as that says, attestations, too', async () => {
    const image = { ...addImage('a', {}), platform: { os: 'linux', architecture: 'arm', variant: 'v6' } };
    const attestation = {
      ...addImage('b', {}),
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      platform: { os: 'unknown', architecture: 'unknown' },
    };
    const plain = addImage('c', { architecture: 'arm64' });
    addIndex([image, attestation, plain]);
    const found = (await inspectVerbosely(context, app(), asking())) as { Ref: string; Descriptor: object }[];
    expect(found.map(({ Descriptor }) => Descriptor)).toEqual([
      image,
      attestation,
      { ...plain, platform: { os: 'linux', architecture: 'arm64' } },
    ]);
    expect(found[0]?.Ref).toBe(`${registry.host}/app:1@${image.digest}`);
  });

  it('ends at an index that claims to stand in itself', async () => {
    const inner = addIndex([]);
    const entry = { mediaType: MediaType.ociIndex, digest: inner, size: 0 };
    const outer = addIndex([entry]);
    registry.misbehave(new RegExp(`manifests/${inner}`), (_request, response) => {
      response.writeHead(307, { location: `/v2/app/manifests/${outer}` }).end();
    });
    await expect(inspectVerbosely(context, app(), asking())).rejects.toThrow('has digest');
    registry.forgive();
    await expect(inspectVerbosely(context, app(), asking())).rejects.toThrow('instead of 0');
  });

  it('does not look into an index that stands in another', async () => {
    const body = JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [] });
    const digest = registry.addManifest('app', 'inner', { type: MediaType.ociIndex, body });
    addIndex([{ mediaType: MediaType.ociIndex, digest, size: body.length }]);
    expect(await inspectVerbosely(context, app(), asking())).toEqual([
      {
        Ref: `${registry.host}/app:1@${digest}`,
        Descriptor: { mediaType: MediaType.ociIndex, digest, size: body.length },
        Raw: Buffer.from(body).toString('base64'),
      },
    ]);
  });

  it.each([
    [1001, 1],
    [20, 4_000_000],
  ])('asks nothing for an index of %i manifests of %i bytes', async (count, size) => {
    const entry = { mediaType: MediaType.ociManifest, digest: `sha256:${'0'.repeat(64)}`, size };
    addIndex(Array.from({ length: count }, () => entry));
    await expect(inspectVerbosely(context, app(), asking())).rejects.toMatchObject({ kind: 'unsupported' });
    expect(registry.requests.filter((line) => line.includes('manifests'))).toHaveLength(1);
  });
});

describe('an image for a list', () => {
  it('cannot be an index, nor a chart', async () => {
    addIndex([]);
    await expect(fetchEntry(asking(), app())).rejects.toThrow('is a manifest list');
    const mediaType = MediaType.ociManifest;
    const config = {
      ...registry.addBlob(Buffer.from('{}')),
      mediaType: 'application/vnd.cncf.helm.config.v1+json',
    };
    const body = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
    registry.addManifest('app', 'chart', { type: mediaType, body });
    await expect(fetchEntry(asking(), app('chart'))).rejects.toMatchObject({ kind: 'unsupported' });
    expect(await inspectVerbosely(context, app('chart'), asking())).toMatchObject({
      Descriptor: { size: body.length, platform: undefined },
    });
  });
});
