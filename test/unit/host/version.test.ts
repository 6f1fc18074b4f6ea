import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { VERSION } from '../../../src/host/version.ts';

it("is package.json's version", () => {
  const manifest = readFileSync(resolve(import.meta.dirname, '../../../package.json'), 'utf8');
  expect(JSON.parse(manifest).version).toBe(VERSION);
});
