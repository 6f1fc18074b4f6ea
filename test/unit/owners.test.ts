import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '../../src');

interface Owned {
  what: string;
  pattern: RegExp;
  /** Files and folders of `src` that say it. */
  owners: readonly string[];
}

/** What has one owner each, by a pattern of what nobody else writes. */
const OWNED: readonly Owned[] = [
  {
    what: 'that a file may be missing',
    pattern: /\(\w+ as NodeJS\.ErrnoException[^)]*\)\??\.code [!=]== 'ENOENT'/,
    owners: ['host/missing.ts'],
  },
  {
    what: 'how a process is written and read',
    pattern: /\$\{\w*\.?pid\} \$\{|\[pid, startTime\]/,
    owners: ['host/process.ts'],
  },
];

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

/** `file:line: text` of each line that fits. Comments say what they like. */
function linesWith(pattern: RegExp): string[] {
  return files.flatMap((file) =>
    readFileSync(join(SOURCE, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) && !/^\s*(\/\*\*?|\*|\/\/)/.test(line)
          ? [`${file}:${index + 1}: ${line.trim()}`]
          : [],
      ),
  );
}

describe.each(OWNED)('$what', ({ pattern, owners }) => {
  const found = linesWith(pattern);

  it.each(owners)('is said by %s', (owner) => {
    expect(found.filter((line) => line.startsWith(owner))).not.toEqual([]);
  });

  it('is said by nobody else', () => {
    expect(found.filter((line) => !owners.some((owner) => line.startsWith(owner)))).toEqual([]);
  });
});
