import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageLayout } from '../helpers/image-layouts.ts';
import { readLayout, tarWithFile, writeLayout } from '../helpers/oci-layout.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { useStore } from '../helpers/skiff.ts';

const place = mkdtempSync(join(tmpdir(), 'skiff-many-layers-'));
const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const other = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
let registry: TestRegistry;

/** More than the 128 that Docker's overlay2 takes. */
const LAYERS = 130;

beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(async () => {
  await registry.stop();
  rmSync(place, { recursive: true, force: true });
});

describe('an image of more than 128 layers', () => {
  it('is loaded, run, committed, pushed, saved, and the same in another store', async () => {
    const busybox = readLayout(imageLayout('busybox'));
    const files = Array.from({ length: LAYERS - 1 }, (_, index) =>
      tarWithFile(`file${index}`, Buffer.from(`${index}`)),
    );
    const many = { tag: 'many:1', compression: 'none', layers: [...busybox.layers, ...files] } as const;
    writeLayout(join(place, 'layout'), [many]);
    await store.ok(['load', '-q', '-i', join(place, 'layout')]);
    const name = `${registry.host}/many:2`;
    const script = 'cat /file0 && rm /file0 && echo new > /file1';
    expect(await store.ok(['run', '--name', 'maker', 'many:1', 'sh', '-c', script])).toBe('0');
    const id = await store.ok(['commit', 'maker', name]);
    expect((await store.ok(['diff', 'maker'])).split('\n').sort()).toEqual(['C /file1', 'D /file0']);
    await store.ok(['rm', 'maker']);
    expect(await store.ok(['image', 'inspect', '-f', '{{len .RootFS.Layers}}', name])).toBe(`${LAYERS + 1}`);
    expect(await store.ok(['push', name])).toMatch(/\n2: digest: sha256:[0-9a-f]{64} size: \d+$/);
    await store.ok(['save', '-o', join(place, 'many.tar'), name]);
    await other.ok(['load', '-q', '-i', join(place, 'many.tar')]);
    expect(await other.ok(['images', '-q', '--no-trunc'])).toBe(id);
    const look = `ls /file0 2>&1; cat /file1 /file${LAYERS - 2}`;
    expect(await other.ok(['run', '--rm', name, 'sh', '-c', look])).toBe(
      `ls: /file0: No such file or directory\nnew\n${LAYERS - 2}`,
    );
    for (const each of [store, other])
      expect(await each.ok(['system', 'check'])).toBe('The store has all that it should.');
  });
});
