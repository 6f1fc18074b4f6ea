import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../../src/oci/digest.ts';
import { listReferrers } from '../../../src/registry/referrers.ts';
import { RegistryRequests } from '../../../src/registry/requests.ts';
import {
  type Fault,
  faults,
  type HostileRegistry,
  startHostileRegistry,
} from '../../helpers/hostile-registry.ts';
import { sha256 } from '../../helpers/oci-layout.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const DIGEST = sha256(Buffer.from('an image')) as Digest;
const TAG = DIGEST.replace(':', '-');

let registry: HostileRegistry;
beforeEach(async () => {
  registry = await startHostileRegistry();
});
afterEach(() => registry.stop());

const entry = (name: string) => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: sha256(Buffer.from(name)),
  size: name.length,
  artifactType: 'application/vnd.example.signature',
});
const index = (...names: string[]) =>
  JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: names.map(entry) });

const answer =
  (body: string, headers: Record<string, string> = {}): Fault =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': INDEX, ...headers }).end(body);
  };

function list() {
  const requests = new RegistryRequests({
    insecure: [],
    userAgent: 'skiff-test',
    certificateDirectories: [],
    retry: { attempts: 2, firstPause: 1, longestPause: 1000 },
  });
  return listReferrers(requests, { domain: registry.host, path: 'app' }, DIGEST);
}

describe('what refers to a manifest', () => {
  test('is what the registry lists, page by page', async () => {
    const next = `</v2/app/referrers/${DIGEST}?page=2>; rel="next"`;
    registry.misbehave(/\/referrers\/.*page=2/, answer(index('two')));
    registry.misbehave(/\/referrers\//, answer(index('one'), { link: next }));
    expect(await list()).toEqual([entry('one'), entry('two')]);
  });

  test.each([404, 405])('is in the index under a tag where the list is answered with %i', async (status) => {
    registry.misbehave(/\/referrers\//, faults.status(status));
    registry.addManifest('app', TAG, { type: INDEX, body: index('one') });
    expect(await list()).toEqual([entry('one')]);
    expect(registry.requests).toContain(`GET /v2/app/manifests/${TAG}`);
  });

  test('is nothing where there is no such tag', async () => {
    registry.misbehave(/\/referrers\//, faults.status(404));
    expect(await list()).toEqual([]);
  });

  test.each<[string, Fault, string]>([
    ['is refused', faults.status(403), 'denied access to what refers to'],
    ['fails', faults.status(500), 'answered status 500'],
    ['is a page for people', faults.html(), 'is not the list that it was asked for'],
    ['is something else', answer('{"manifests":{}}'), 'is not the list that it was asked for'],
    ['does not end', faults.endless(), 'is larger than'],
  ])('is an error where the list %s', async (_, fault, message) => {
    registry.misbehave(/\/referrers\//, fault);
    registry.addManifest('app', TAG, { type: INDEX, body: index('one') });
    await expect(list()).rejects.toThrow(message);
  });

  test.each<[string, Fault]>([
    ['has no descriptors', answer('{}')],
    ['is no JSON', answer('[')],
    ['does not end', faults.endless()],
  ])('is an error where the index under the tag %s', async (_, fault) => {
    registry.misbehave(/\/referrers\//, faults.status(404));
    registry.misbehave(new RegExp(TAG), fault);
    await expect(list()).rejects.toThrow('is not the list that it was asked for');
  });
});
