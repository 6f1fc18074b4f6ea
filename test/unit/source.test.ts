import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '../../src');

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(SOURCE, path), 'utf8') }));

describe('the environment', () => {
  /** Who has another reason to look at it than that skiff is told something by it. */
  const OTHERS = [
    // What a terminal can and its user likes: TERM, NO_COLOR.
    'cli/text/terminal.ts',
    // Hands all of it to the program that takes the place of this one.
    'host/replace-process.ts',
    // Hides from Bun's fetch what has been heeded already.
    'registry/transport.ts',
  ];

  it('is read in one file', () => {
    const readers = files.filter(({ text }) =>
      /\bprocess\s*\.\s*env\b|\benv\b[^;]*\} = process\b/.test(text),
    );
    expect(readers.map(({ path }) => path).sort()).toEqual(['cli/command/settings.ts', ...OTHERS]);
  });

  it('is not what a name that hides the process means', () => {
    const hides =
      /\b(const|let) (process\b|\{[^{}]*\bprocess\s*[,}])|\{[^{}]*\bprocess\s*(,[^{}]*)?\}: [A-Z]|\bprocess: [A-Z]\w*,/;
    expect(files.filter(({ text }) => hides.test(text)).map(({ path }) => path)).toEqual([]);
  });
});
