import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ownIdentity } from '../../../src/host/process.ts';
import { relayPath } from '../../../src/host/relay-path.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-relay-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('a socket behind one that was handed down is of its process, and goes with the next one after it was killed', () => {
  const { pid, startTime } = ownIdentity();
  const own = `api-${pid}-${startTime}-4.sock`;
  for (const name of [own, `api-${pid}-${startTime - 1}-3.sock`, 'service.sock', 'api-x.sock'])
    writeFileSync(join(directory, name), '');
  expect(basename(relayPath(directory, 3))).toBe(`api-${pid}-${startTime}-3.sock`);
  expect(readdirSync(directory).sort()).toEqual([own, 'api-x.sock', 'service.sock']);
});
