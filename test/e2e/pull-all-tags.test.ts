import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256, tarWithFile, writeLayout } from '../helpers/oci-layout.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { useStore } from '../helpers/skiff.ts';

const layout = mkdtempSync(join(tmpdir(), 'skiff-all-tags-'));
const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const TAGS = ['1', '2', 'other'];
let registry: TestRegistry;

beforeAll(async () => {
  registry = await startRegistry();
  writeLayout(
    layout,
    TAGS.map((tag) => ({ tag, layers: [tarWithFile('tag', Buffer.from(tag))] })),
  );
  for (const tag of TAGS) registry.push(layout, { name: 'team/app', tag });
  await putChart(`http://${registry.host}/v2/team/app`);
});
afterAll(async () => {
  await registry.stop();
  rmSync(layout, { recursive: true, force: true });
});

/** What is no image, under a tag of the same repository. */
async function putChart(repository: string): Promise<void> {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const digest = sha256(Buffer.from('{}'));
  const begun = await fetch(`${repository}/blobs/uploads/`, { method: 'POST' });
  const upload = `${begun.headers.get('location')}&digest=${encodeURIComponent(digest)}`;
  await fetch(upload, { method: 'PUT', body: '{}', headers: { 'content-type': 'application/octet-stream' } });
  const config = { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest, size: 2 };
  const put = await fetch(`${repository}/manifests/chart`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] }),
  });
  expect(put.status).toBe(201);
}

describe('pull --all-tags', () => {
  it('fetches all images of a repository, and passes over what is none', async () => {
    const name = `${registry.host}/team/app`;
    const { stdout, stderr, code } = await store.skiff(['pull', '-a', name]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('warning: ')]);
    expect(stdout.match(/^\S+: Pulling from team\/app$/gm)).toHaveLength(TAGS.length + 1);
    expect(stdout.match(/^Digest: sha256:[0-9a-f]{64}$/gm)).toHaveLength(TAGS.length);
    expect(stdout).toMatch(new RegExp(`\nStatus: Downloaded newer image for ${name}\n${name}\n$`));
    const listed = await store.ok(['images', '--format', '{{.Repository}}:{{.Tag}}']);
    expect(listed.split('\n').sort()).toEqual(TAGS.map((tag) => `${name}:${tag}`));
    expect(await store.ok(['pull', '-q', '--all-tags', name])).toBe(name);
    expect(await store.ok(['pull', '-a', name])).toContain(`\nStatus: Image is up to date for ${name}\n`);
  });

  it.each([
    [['team/app:1'], 125, 'is one image'],
    [['--explain', 'team/app'], 125, 'one image can be explained'],
    [['team/none'], 125, 'not found in registry'],
  ])('refuses %j', async (words, code, message) => {
    const named = words.map((word) => (word.startsWith('-') ? word : `${registry.host}/${word}`));
    const outcome = await store.skiff(['pull', '-a', ...named]);
    expect([outcome.code, outcome.stderr]).toEqual([code, expect.stringContaining(message)]);
  });
});
