import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTimeZone } from '../../../../src/engine/prepare/time-zone.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-unit-'));
const zones = join(directory, 'zoneinfo');
const local = join(directory, 'localtime');

beforeAll(() => {
  mkdirSync(join(zones, 'Europe'), { recursive: true });
  writeFileSync(join(zones, 'Europe', 'Berlin'), 'TZif2 Berlin');
  writeFileSync(join(zones, 'UTC'), 'TZif2 UTC');
  writeFileSync(join(zones, 'zone.tab'), 'DE');
  writeFileSync(join(directory, 'secret'), 'TZif2 outside');
});
afterAll(() => rmSync(directory, { recursive: true }));

const read = (name: string) => String(readTimeZone(name, { zones, local }));

describe('a time zone', () => {
  it("is a file of the host's zoneinfo", () => {
    expect(read('Europe/Berlin')).toBe('TZif2 Berlin');
  });

  it("is the host's own when it is called local, UTC where the host has none", () => {
    expect(read('local')).toBe('TZif2 UTC');
    writeFileSync(local, 'TZif2 here');
    expect(read('local')).toBe('TZif2 here');
  });

  it.each(['Nowhere/Land', 'Europe', 'zone.tab', '../secret', '', '/etc/passwd', 'Europe/Berlin/x'])(
    'is not %j',
    (name) => {
      expect(() => read(name)).toThrowError(`unknown time zone "${name}"`);
    },
  );
});
