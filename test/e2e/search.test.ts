import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostileRegistry, startHostileRegistry } from '../helpers/hostile-registry.ts';
import { tarWithFile, writeLayout } from '../helpers/oci-layout.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { useStore } from '../helpers/skiff.ts';

const layout = mkdtempSync(join(tmpdir(), 'skiff-search-'));
const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));

let registry: TestRegistry;
let index: HostileRegistry;

beforeAll(async () => {
  registry = await startRegistry();
  index = await startHostileRegistry();
  writeLayout(layout, [{ tag: '1', layers: [tarWithFile('a', Buffer.from('a'))] }]);
  for (const name of ['team/app', 'other']) registry.push(layout, { name, tag: '1' });
  const results = [
    { name: 'a', description: `first\nline ${'x'.repeat(60)}`, star_count: 3, is_official: true },
    { name: 'b', description: 'and \x1b[2J', star_count: 50 },
  ];
  index.misbehave(/^\/v1\/search/, (_request, response) => void response.end(JSON.stringify({ results })));
});
afterAll(async () => {
  await Promise.all([registry.stop(), index.stop()]);
  rmSync(layout, { recursive: true, force: true });
});

describe('search', () => {
  it('looks into the catalogue of a registry that cannot search', async () => {
    const found = await store.ok(['search', '--format', '{{.Name}}', `${registry.host}/APP`]);
    expect(found).toBe(`${registry.host}/team/app`);
    const all = await store.ok(['search', `${registry.host}/`]);
    expect(all.split('\n').map((line) => line.split(/\s+/)[0])).toEqual([
      'NAME',
      `${registry.host}/other`,
      `${registry.host}/team/app`,
    ]);
    expect(await store.ok(['pull', '-q', `${found}:1`])).toBe(`${found}:1`);
  });

  it("has Docker's columns and JSON", async () => {
    const lines = (await store.ok(['search', `${index.host}/x`])).split('\n').map((line) => line.trimEnd());
    const width = index.host.length + 5;
    const column = (text: string, length: number) => text.padEnd(length);
    expect(lines).toEqual([
      `${column('NAME', width)}${column('DESCRIPTION', 48)}STARS     OFFICIAL`,
      `${column(`${index.host}/b`, width)}${column('and \\x1b[2J', 48)}50`,
      `${column(`${index.host}/a`, width)}${column(`first line ${'x'.repeat(33)}…`, 48)}3         [OK]`,
    ]);
    const json = await store.ok([
      'search',
      '--no-trunc',
      '-f',
      'stars=10',
      '--format',
      'json',
      `${index.host}/x`,
    ]);
    expect(JSON.parse(json)).toEqual({
      Description: 'and \x1b[2J',
      IsAutomated: 'false',
      IsOfficial: 'false',
      Name: `${index.host}/b`,
      StarCount: '50',
    });
  });

  it('refuses what is no limit before anybody is asked', async () => {
    const outcome = await store.skiff(['search', '--limit', 'many', 'nginx']);
    expect([outcome.code, outcome.stderr]).toEqual([125, expect.stringContaining('outside the range')]);
  });
});
