import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { resultFile } from '../../../../src/cli/output/result-file.ts';

const place = mkdtempSync(join(tmpdir(), 'skiff-result-'));
afterAll(() => rmSync(place, { recursive: true }));

it('says nothing of before, and then what there is to be said', () => {
  const path = join(place, 'id');
  writeFileSync(path, 'old');
  const file = resultFile(path);
  expect(existsSync(path)).toBe(false);
  file.write('new');
  expect(readFileSync(path, 'utf8')).toBe('new');
});

it('leaves a device', () => {
  resultFile('/dev/null').write('x');
  expect(existsSync('/dev/null')).toBe(true);
});

it.each([
  ['a directory', '', 'it is a directory'],
  ['in a directory that there is not', 'none/id', `there is no directory ${place}/none`],
  ['below a file', 'file/id', `there is no directory ${place}/file`],
])('cannot be %s', (_, name, message) => {
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'file'), '');
  expect(() => resultFile(join(place, name))).toThrow(message);
});
