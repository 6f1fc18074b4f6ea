import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { HELPER } from '../helpers/plan.ts';

const DOCUMENT = new URL('../../native/VERBS.md', import.meta.url);

it.each([{ args: [] }, { args: ['no-such-verb'] }])(
  'names the verbs of VERBS.md when asked for $args',
  ({ args }) => {
    const documented = readFileSync(DOCUMENT, 'utf8').matchAll(/^- `(?<verb>[a-z-]+)/gm);
    const verbs = [...documented].map(({ groups }) => groups?.['verb'] ?? '');
    const { status, stderr } = spawnSync(HELPER, args, { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^skiff-helper is started by skiff, with one of: [a-z -]+\n$/);
    expect(stderr.trim().split(': ')[1]?.split(' ').sort()).toEqual([...new Set(verbs)].sort());
  },
);
